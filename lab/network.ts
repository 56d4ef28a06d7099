import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { type Ip, makeIp } from '#runtime/drivers/ip.ts'
import { inNamespaces, inNewNamespaces } from '#runtime/drivers/namespaces.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { run } from '#runtime/drivers/process.ts'
import { ensureKeeper, findKeeper, type Keeper, waitFor } from './keeper.ts'
import { LAB_FILES, type Lab, PROGRAM_DIR } from './lab.ts'
import { type HostPlan, type LabPlan, renderTranslation, type SitePlan } from './plan.ts'

/** Names of interfaces: each network is alone in a namespace, so they need not carry the lab's name. */
const WIDE = 'wide'
const LAN = 'lan'
const UPLINK = 'uplink'
const CARD = 'eth0'
const OUTSIDE = 'tap0'

const sleeper = (group: string): Keeper => ({
  group,
  program: 'sleep',
  argv: inNewNamespaces(['net'], ['sleep', 'infinity']),
})
const WIDE_KEEPER = sleeper('net-wide')
const siteKeeper = ({ name }: Pick<SitePlan, 'name'>) => sleeper(`net-${name}`)
const clientKeeper = (home: string): Keeper => ({
  group: 'client',
  program: 'sleep',
  argv: inNewNamespaces(
    ['net', 'mount', 'uts'],
    [join(PROGRAM_DIR, 'lab/boot-client.sh'), join(home, LAB_FILES.names)],
  ),
})

interface Network {
  readonly pid: number
  readonly ip: Ip
}
/** A network that is there; it is made by `maru lab up` only. */
async function requireNetwork(lab: Lab, keeper: Keeper): Promise<Network> {
  const pid = await findKeeper(lab, keeper)
  if (pid === undefined) throw new MaruError('lab.network_down', { home: lab.home })
  return networkOf(pid)
}

const networkOf = (pid: number): Network => ({ pid, ip: makeIp(inNamespaces(pid, ['net'], [])) })

/** Makes what is missing of the lab's networks, and mends what was cut. What is whole stays as it is. */
export async function applyNetworks(lab: Lab): Promise<void> {
  const { plan } = lab
  const wide = networkOf(await ensureKeeper(lab, WIDE_KEEPER))
  await forward(wide)
  await ensureBridge(wide, WIDE, `${plan.wide.router}/24`)
  await Promise.all([
    ...plan.sites.map((site) => applySite(lab, wide, site)),
    applyClient(lab, wide),
    applyOutside(lab, wide),
  ])
}

async function applySite(lab: Lab, wide: Network, site: SitePlan): Promise<void> {
  const own = networkOf(await ensureKeeper(lab, siteKeeper(site)))
  await forward(own)
  await ensureBridge(own, LAN, `${site.gateway}/24`)
  await ensureCable(wide, site.name, own, UPLINK)
  await own.ip.change('address', 'replace', `${site.uplink}/24`, 'dev', UPLINK)
  await own.ip.change('link', 'set', 'dev', UPLINK, 'up')
  await own.ip.change('route', 'replace', 'default', 'via', lab.plan.wide.router)
  await ensurePort(wide, WIDE, site.name)
  await wide.ip.change('route', 'replace', site.subnet, 'via', site.uplink)
}

async function applyClient(lab: Lab, wide: Network): Promise<void> {
  const { client, wide: plan } = lab.plan
  const own = networkOf(await ensureKeeper(lab, clientKeeper(lab.home)))
  await ensureCable(wide, client.name, own, CARD)
  await ensurePort(wide, WIDE, client.name)
  await raise(own, `${client.address}/24`, plan.router)
}

/** The way to the world outside: a process that speaks for the lab, as an ordinary program of this machine. */
async function applyOutside(lab: Lab, wide: Network): Promise<void> {
  await ensureKeeper(lab, {
    group: 'net-outside',
    program: 'slirp4netns',
    argv: slirp(lab.plan, wide.pid),
  })
  await waitFor('The way to the outside', async () =>
    (await wide.ip.links()).find(({ name, up }) => name === OUTSIDE && up),
  )
  await makeNft(inNamespaces(wide.pid, ['net'], [])).load(renderTranslation(OUTSIDE))
}

const slirp = ({ outside }: LabPlan, pid: number) => [
  'slirp4netns',
  '--configure',
  '--mtu=1500',
  // Programs that listen on this machine's own loopback mean this machine only.
  '--disable-host-loopback',
  `--cidr=${outside.subnet}`,
  String(pid),
  OUTSIDE,
]

async function forward({ pid }: Network): Promise<void> {
  const done = await run(inNamespaces(pid, ['net'], ['tee', '/proc/sys/net/ipv4/ip_forward']), {
    input: '1\n',
  })
  if (done.exitCode !== 0) throw new Error(`a network cannot be made to forward: ${done.stderr.trim()}`)
}

async function ensureBridge({ ip }: Network, name: string, address: string): Promise<void> {
  const have = (await ip.links()).some((link) => link.name === name)
  if (!have) await ip.change('link', 'add', 'dev', name, 'type', 'bridge')
  await ip.change('address', 'replace', address, 'dev', name)
  for (const device of ['lo', name]) await ip.change('link', 'set', 'dev', device, 'up')
}

/** A cable is whole or not there: with one end goes the other. */
async function ensureCable(
  from: Network,
  port: string,
  to: Network,
  card: string,
  mac?: string,
): Promise<void> {
  const [near, far] = await Promise.all([from.ip.links(), to.ip.links()])
  const has = (links: typeof near, name: string) => links.some((link) => link.name === name)
  if (has(near, port) && has(far, card)) return
  // Its other end belonged to a host that is gone, or it is from an attempt that ended in the middle.
  if (has(near, port)) await from.ip.change('link', 'delete', 'dev', port)
  if (has(far, card)) await to.ip.change('link', 'delete', 'dev', card)
  const address = mac === undefined ? [] : ['address', mac]
  const peer = ['peer', 'name', card, ...address, 'netns', String(to.pid)]
  await from.ip.change('link', 'add', 'dev', port, 'type', 'veth', ...peer)
}

async function ensurePort({ ip }: Network, bridge: string, port: string): Promise<void> {
  await ip.change('link', 'set', 'dev', port, 'master', bridge)
  await ip.change('link', 'set', 'dev', port, 'up')
}

async function raise({ ip }: Network, address: string, router: string): Promise<void> {
  await ip.change('address', 'replace', address, 'dev', CARD)
  await ip.change('link', 'set', 'dev', CARD, 'up')
  await ip.change('route', 'replace', 'default', 'via', router)
}

/** Joins a host that has booted to the network of its data centre. */
export async function plugIn(lab: Lab, host: HostPlan, init: number): Promise<void> {
  const site = lab.plan.sites.find(({ name }) => name === host.site)
  if (site === undefined) throw new Error(`${host.name} is in no data centre`)
  const lan = await requireNetwork(lab, siteKeeper(site))
  const own = networkOf(init)
  await ensureCable(lan, host.name, own, CARD, host.mac)
  await ensurePort(lan, LAN, host.name)
  await raise(own, `${host.address}/24`, site.gateway)
}

/** Takes a host's cable out, at the far end: nothing that its processes say while they end is heard. */
export async function unplug(lab: Lab, host: HostPlan): Promise<void> {
  const keeper = await findKeeper(lab, siteKeeper({ name: host.site }))
  if (keeper === undefined) return
  const { ip } = networkOf(keeper)
  if ((await ip.links()).some(({ name }) => name === host.name))
    await ip.change('link', 'set', 'dev', host.name, 'down')
}

/** Whether a data centre's line to the wide network is whole; undefined where there is no network. */
export async function lineIsWhole(lab: Lab, site: Pick<SitePlan, 'name'>): Promise<boolean | undefined> {
  const keeper = await findKeeper(lab, WIDE_KEEPER)
  return keeper === undefined
    ? undefined
    : (await networkOf(keeper).ip.links()).find(({ name }) => name === site.name)?.up
}

/** Cuts a data centre off from the wide network, and so from the others and the outside; or mends the line. */
export async function setLine(lab: Lab, site: SitePlan, whole: boolean): Promise<void> {
  const { ip } = await requireNetwork(lab, WIDE_KEEPER)
  await ip.change('link', 'set', 'dev', site.name, whole ? 'up' : 'down')
}

/** A network of the lab that every frame between its places passes, and how a program of this machine gets there. */
export interface LabLine {
  readonly name: string
  /** The bridge that all are on. */
  readonly bridge: string
  readonly enter: (argv: readonly string[]) => [string, ...string[]]
}

/** The networks of all places and the wide one between them: whoever listens there hears whatever goes from host to host. */
export async function linesOf(lab: Lab): Promise<LabLine[]> {
  const line = async (name: string, keeper: Keeper, bridge: string): Promise<LabLine> => {
    const { pid } = await requireNetwork(lab, keeper)
    return { name, bridge, enter: (argv) => inNamespaces(pid, ['net'], argv) }
  }
  const places = lab.plan.sites.map((site) => line(site.name, siteKeeper(site), LAN))
  return await Promise.all([line(WIDE, WIDE_KEEPER, WIDE), ...places])
}

/** The process whose network is the client's. */
export const requireClient = async (lab: Lab) => (await requireNetwork(lab, clientKeeper(lab.home))).pid

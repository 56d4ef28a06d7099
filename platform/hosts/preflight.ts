import { type Fleet, MESH_PORT, PEER_PORT, PORTS_BETWEEN_HOSTS } from '#contract/fleet.ts'
import { AGENT_PORT, type HostIdentity } from '#contract/host-identity.ts'
import { addressesOf, type Installation } from '#contract/installation.ts'
import { DOOR_COMPONENT } from '#platform/mesh/index.ts'

export interface PortFact {
  readonly port: number
  readonly holder: PortHolder | undefined
}

export interface PortHolder {
  readonly pid: number
  readonly name: string
}

export interface RouteFact {
  readonly device: string
  readonly address: number
  readonly mask: number
}

interface Owned {
  readonly name: string
  readonly owner: string | undefined
}

/** What was seen on the machine. */
export interface HostFacts {
  readonly uid: number
  readonly architecture: string
  readonly os: { readonly id: string; readonly version: string; readonly name: string }
  readonly memoryMb: number
  readonly disks: ReadonlyArray<{ readonly path: string; readonly freeMb: number }>
  /** The asked-for ports that someone listens on. */
  readonly ports: readonly PortFact[]
  readonly routes: readonly RouteFact[]
  /** None: the engine isn't running (yet). */
  readonly engine:
    | {
        readonly containers: ReadonlyArray<
          Owned & { readonly component: string | undefined; readonly running: boolean }
        >
        readonly networks: readonly Owned[]
      }
    | undefined
  readonly clock: { readonly now: number; readonly notBefore: number; readonly mirror: number | undefined }
}

/** One thing that was checked. `advice` is empty where all is well. */
export interface Check {
  readonly check: string
  readonly ok: boolean
  readonly what: string
  readonly advice: string
}

type Wanted = Pick<Installation, 'id' | 'name' | 'subnet' | 'ports'>

export const HOST_NEEDS = {
  memoryMb: 1900,
  /** For the first start: images, databases, and room for apps. */
  freeMb: 10_240,
  /** Later: a host that fills up must still be brought back after a restart. */
  freeLaterMb: 1_024,
  clockSkewS: 300,
} as const
const DEBIAN_VERSIONS: readonly string[] = ['12', '13']
const DAY_MS = 86_400_000

/** Whether a host knows of no other. */
export const isAloneIn = ({ hosts }: Pick<Fleet, 'hosts'>): boolean => hosts.length < 2

/** Ports that a host needs, and those that it needs from when other hosts join. */
export interface NeededPorts {
  readonly now: readonly number[]
  readonly later: readonly number[]
}

/** Ports that a host needs: a witness serves nobody, and the first host answers others from when there are some. */
export function portsOf(
  { first, role }: Pick<HostIdentity, 'first' | 'role'>,
  { ports }: Pick<Wanted, 'ports'>,
  { isNew, isAlone }: { readonly isNew: boolean; readonly isAlone: boolean },
): NeededPorts {
  const visitors = role === 'full' ? [ports.http, ports.https] : []
  const hosts = role === 'full' ? PORTS_BETWEEN_HOSTS : [MESH_PORT, AGENT_PORT]
  if (!first || !isAlone) return { now: [...visitors, ...hosts], later: [] }
  // One that serves alone already must be brought back whoever has the others.
  return { now: visitors, later: isNew ? hosts : [] }
}

/** Judges the machine: every check at once, in the order in which a person would mend them. */
export function judgeHost(
  facts: HostFacts,
  wanted: Wanted,
  isNew: boolean,
  ports: NeededPorts = { now: [wanted.ports.http, wanted.ports.https], later: [] },
): Check[] {
  return [
    checkRoot(facts),
    checkSystem(facts),
    checkMemory(facts),
    ...facts.disks.map((disk) => checkDisk(disk, isNew ? HOST_NEEDS.freeMb : HOST_NEEDS.freeLaterMb)),
    ...ports.now.map((port) => checkPort(facts, wanted, port)),
    ...ports.later.map((port) => checkLaterPort(facts, wanted, port)),
    checkClock(facts.clock),
    checkSubnet(facts, wanted),
    checkNames(facts, wanted),
  ]
}

const judge = (check: string, ok: boolean, what: string, advice: string): Check => ({
  check,
  ok,
  what,
  advice: ok ? '' : advice,
})

const checkRoot = ({ uid }: HostFacts) =>
  judge('root', uid === 0, uid === 0 ? 'running as root' : `running as user ${uid}`, 'Run it with sudo.')

function checkSystem({ os, architecture }: HostFacts): Check {
  const known = os.id === 'debian' && DEBIAN_VERSIONS.includes(os.version) && architecture === 'x64'
  const what = `${os.name || 'unknown system'}, ${architecture}`
  return judge('system', known, what, 'Use a machine with Debian 12 or 13 on x86-64.')
}

const checkMemory = ({ memoryMb }: HostFacts) =>
  judge(
    'memory',
    memoryMb >= HOST_NEEDS.memoryMb,
    `${memoryMb} MB of memory`,
    'Give the machine at least 2 GB of memory.',
  )

const checkDisk = ({ path, freeMb }: HostFacts['disks'][number], needMb: number) =>
  judge(
    'disk',
    freeMb >= needMb,
    `${freeMb} MB free for ${path}`,
    `Free some space: at least ${needMb} MB are needed for ${path}.`,
  )

/** What listens at the ports that nobody can choose. */
const FIXED: Readonly<Record<number, { readonly component: string; readonly what: string }>> = {
  [PEER_PORT]: { component: 'edge', what: "the host's edge" },
  [MESH_PORT]: { component: DOOR_COMPONENT, what: "the host's door for other hosts" },
  [AGENT_PORT]: { component: 'agent', what: "the host's agent" },
}

/** The installations whose part runs that would listen at a port. */
const ownersAt = ({ engine }: HostFacts, port: number): ReadonlyArray<string | undefined> =>
  (engine?.containers ?? [])
    .filter(({ component, running }) => running && component === (FIXED[port]?.component ?? 'edge'))
    .map(({ owner }) => owner)

/**
 * The first host of an installation opens these only when others join, so it can be beside another installation that has them, as one
 * that tests bring up. Whoever else has them would be in the way then.
 */
function checkLaterPort(facts: HostFacts, wanted: Wanted, port: number): Check {
  const isOthers = ownersAt(facts, port).some((owner) => owner !== undefined && owner !== wanted.id)
  return isOthers
    ? judge('port', true, `port ${port} is another installation's`, '')
    : checkPort(facts, wanted, port, 'when another host joins')
}

function checkPort(facts: HostFacts, wanted: Wanted, port: number, when = ''): Check {
  const fact = facts.ports.find((entry) => entry.port === port)
  if (fact === undefined) return judge('port', true, `port ${port} is free`, '')
  if (ownersAt(facts, port).includes(wanted.id))
    return judge('port', true, `port ${port} is held by this installation`, '')
  const { holder } = fact
  const who = holder ? `${holder.name} (process ${holder.pid})` : 'another process'
  const fixed = FIXED[port]?.what
  if (fixed !== undefined)
    return judge(
      'port',
      false,
      `port ${port} is held by ${who}`,
      `Stop ${who}: ${fixed} needs it${when && ` ${when}`}.`,
    )
  const option = port === wanted.ports.http ? '--http-port' : '--https-port'
  const advice = `Stop ${who}, or choose another port with ${option}.`
  return judge('port', false, `port ${port} is held by ${who}`, advice)
}

function checkClock({ now, notBefore, mirror }: HostFacts['clock']): Check {
  const advice = 'Set the clock (`timedatectl set-ntp true`, or `date -s`): certificates depend on it.'
  const shown = new Date(now).toISOString()
  if (now < notBefore - DAY_MS) {
    return judge('clock', false, `the clock says ${shown}, before this program was installed`, advice)
  }
  const skewS = mirror === undefined ? 0 : Math.round(Math.abs(now - mirror) / 1000)
  if (skewS > HOST_NEEDS.clockSkewS) {
    return judge('clock', false, `the clock is ${skewS} s away from the Debian mirror's`, advice)
  }
  return judge('clock', true, `the clock says ${shown}`, '')
}

/** Both edges of a range are inside one of ours, or one of ours is inside it. */
function checkSubnet({ routes }: HostFacts, wanted: Wanted): Check {
  const own = new Set<string>(Object.values(addressesOf(wanted).networks).map(({ bridge }) => bridge))
  const [a = 0, b = 0] = wanted.subnet.split('.').map(Number)
  const start = a * 2 ** 24 + b * 2 ** 16
  const end = start + 65_535
  const clash = routes.find(({ device, address, mask }) => {
    const last = address + (2 ** 32 - 1 - mask)
    return !own.has(device) && address <= end && last >= start
  })
  const range = `${wanted.subnet}.0.0/16`
  if (clash === undefined) return judge('addresses', true, `${range} is free`, '')
  const what = `${range} is partly in use by the interface ${clash.device}`
  return judge('addresses', false, what, 'Choose another range, such as `--subnet 10.91`.')
}

function checkNames({ engine }: HostFacts, wanted: Wanted): Check {
  const all = [...(engine?.containers ?? []), ...(engine?.networks ?? [])]
  const clash = all.filter(({ name, owner }) => name.startsWith(`${wanted.name}-`) && owner !== wanted.id)
  if (clash.length === 0) return judge('names', true, `no other container is named ${wanted.name}-…`, '')
  const names = clash.map(({ name }) => name).join(', ')
  const advice = 'Remove or rename them, or choose another name with `--name NAME`.'
  return judge('names', false, `containers or networks of others have our names: ${names}`, advice)
}

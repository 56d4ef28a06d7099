import { join } from 'node:path'
import { SERVICES } from '#contract/fleet.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import type { HostName } from '#contract/ids.ts'
import { addressesOf } from '#contract/installation.ts'
import { RESOLVER_COMPONENTS } from '#contract/network.ts'
import { plantedRequest } from '#platform/detection/plant.ts'
import { serviceAddress, wayComponent } from '#platform/mesh/index.ts'
import { RESOLVER_NAME } from '#platform/network/resolver-render.ts'
import { rootSocket } from '#runtime/cli/connect.ts'
import { DEFAULT_HOME } from '#runtime/cli/context.ts'
import { killContainer } from '../kill-container.ts'
import { secondsUntil } from '../wait-until.ts'
import type { FaultOfHosts } from './fault-of-hosts.ts'
import { askEdge, nameOf } from './host-ledger.ts'
import type { HostsPlace, LabHost } from './hosts-place.ts'
import { instancesOn } from './instances-on-host.ts'
import { storeIsWhole } from './store-leader.ts'

/** A host under visitors whose parts die. */
export interface Ground {
  readonly place: HostsPlace
  readonly story: FaultOfHosts
  readonly host: LabHost
}

/** A kind of part that a host has. */
interface Part {
  /** Names of its containers, without that of the installation. */
  readonly containers: RegExp
  /** Whether it does its work, besides that it runs; of several containers, the one with this name. */
  works(ground: Ground, sinceMs: number, container: string): boolean | Promise<boolean>
}

const ASK_NAME = join(import.meta.dirname, 'ask-name-here.ts')

/** Who asks this host's edge gets a row written. */
const writes = ({ story, host }: Ground, sinceMs: number) =>
  story.ledger.acknowledged.some(({ edge, begunMs }) => edge === host.address && begunMs > sinceMs)

/** Root is answered on the host: by the control plane there, to which the agent leads. */
async function answersRoot({ place, host }: Ground): Promise<boolean> {
  const argv = ['curl', '--silent', '--fail', '--max-time', '2', '--unix-socket', rootSocket(DEFAULT_HOME)]
  return (await place.run(host.name, [...argv, 'http://root/health'])).exitCode === 0
}

const leadsToApp = async ({ place, host }: Ground) =>
  (await askEdge(place, host, nameOf(place, await place.app()), '/')) !== undefined

const storeHears = ({ place }: Ground) => storeIsWhole(place)

/** An instance of the app on that host asks the edge for what nobody else asks for, and the host tells of it. */
async function tells({ place, host }: Ground, sinceMs: number): Promise<boolean> {
  const { path, command } = plantedRequest(place.installation, `killed${Math.trunc(sinceMs)}`)
  const [instance] = await instancesOn(place, host)
  if (instance === undefined) return false
  await instance.exec(command)
  const query = { host: host.name as HostName, kind: 'detector check', limit: 20 } as const
  const { events } = await place.ask((client) => client.call(guardRoutes.events, { query }))
  return events.some(({ message }) => message.includes(path))
}

/** It knows a name, asked on its host. */
async function knowsName({ place, host }: Ground, _: number, container: string): Promise<boolean> {
  const [one, other] = addressesOf(place.installation).names
  const server = container === RESOLVER_COMPONENTS[0] ? one : other
  const argv = [process.execPath, ASK_NAME, server, RESOLVER_NAME]
  return (await place.run(host.name, argv)).exitCode === 0
}

/** Where the part behind a way answers whoever speaks TLS with it, on the host that has only the way; none for the store's members. */
export function behindWay(
  { installation }: Pick<HostsPlace, 'installation'>,
  way: string,
): string | undefined {
  const service = SERVICES.find((one) => wayComponent(one) === way)
  if (service === undefined || service.startsWith('etcd')) return undefined
  const { address, ports } = serviceAddress(installation, service)
  // Of the database's, the last one is that of its keeper.
  return `https://${address}:${ports.at(-1)}/`
}

/** The way leads: the part behind it answers, whatever it says; that of a member of the store, to the other members. */
async function leads(ground: Ground, _: number, way: string): Promise<boolean> {
  const { place, host } = ground
  const url = behindWay(place, way)
  if (url === undefined) return storeHears(ground)
  // Whoever is at the other end of the way shows itself to the way.
  const argv = ['curl', '--silent', '--insecure', '--output', '/dev/null', '--max-time', '2', url]
  return (await place.run(host.name, argv)).exitCode === 0
}

/** What a full host has of the platform besides the database, in the order in which it dies. */
export const PARTS = {
  detector: { containers: /^detector$/, works: tells },
  resolver: { containers: /^resolver(-2)?$/, works: knowsName },
  edge: { containers: /^edge$/, works: leadsToApp },
  'control plane': { containers: /^control(-2)?$/, works: answersRoot },
  agent: { containers: /^agent$/, works: answersRoot },
  'member of the store': { containers: /^etcd(-\d)?$/, works: storeHears },
  'way to a part on another host': { containers: /^way-/, works: leads },
  'door for other hosts': { containers: /^mesh$/, works: storeHears },
  'proxy before the database': { containers: /^pgproxy(-net)?$/, works: writes },
} as const satisfies Readonly<Record<string, Part>>
export type PartName = keyof typeof PARTS
export const PART_NAMES = Object.keys(PARTS) as PartName[]

/** The containers of each part on a host that run; a host without one is no ground for this. */
export async function partsOn(
  place: HostsPlace,
  { name }: LabHost,
): Promise<ReadonlyMap<PartName, readonly string[]>> {
  const prefix = `${place.installation.name}-`
  const running = (await (await place.engine(name)).containers.list({}))
    .filter(({ state, name: container }) => state === 'running' && container.startsWith(prefix))
    .map(({ name: container }) => container.slice(prefix.length))
    .sort()
  return new Map(
    PART_NAMES.map((part) => {
      const found = running.filter((container) => PARTS[part].containers.test(container))
      if (found.length === 0) throw new Error(`${name} has no ${part} that runs`)
      return [part, found]
    }),
  )
}

/** Kills the container of a part with all that runs in it; gives the seconds until it does its work again. */
export async function dieAndComeBack(ground: Ground, part: PartName, container: string, timeoutS: number) {
  const { place, host } = ground
  const docker = await place.engine(host.name)
  const look = () => docker.containers.inspect(`${place.installation.name}-${container}`)
  const before = (await look())?.pid
  const { works }: Part = PARTS[part]
  await killContainer(
    {
      installation: place.installation,
      hostOf: async () => ({ docker, kill: (pid) => place.killProcess(host.name, pid) }),
    },
    container,
  )
  const killedMs = performance.now()
  return await secondsUntil({ timeoutS, signal: place.signal }, async () => {
    const now = await look()
    const runs = now?.state === 'running' && now.pid !== 0 && now.pid !== before
    return runs && (await works(ground, killedMs, container))
  })
}

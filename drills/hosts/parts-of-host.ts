import { rootSocket } from '#runtime/cli/connect.ts'
import { DEFAULT_HOME } from '#runtime/cli/context.ts'
import { killContainer } from '../kill-container.ts'
import { secondsUntil } from '../wait-until.ts'
import type { FaultOfHosts } from './fault-of-hosts.ts'
import { askEdge, nameOf } from './host-ledger.ts'
import type { HostsPlace, LabHost } from './hosts-place.ts'
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
  /** Whether it does its work, besides that it runs. */
  works?(ground: Ground, sinceMs: number): boolean | Promise<boolean>
}

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

/** What a full host has of the platform besides the database, in the order in which it dies. */
export const PARTS = {
  detector: { containers: /^detector$/ },
  resolver: { containers: /^resolver(-2)?$/ },
  edge: { containers: /^edge$/, works: leadsToApp },
  'control plane': { containers: /^control(-2)?$/, works: answersRoot },
  agent: { containers: /^agent$/, works: answersRoot },
  'member of the store': { containers: /^etcd(-\d)?$/, works: storeHears },
  'way to a part on another host': { containers: /^way-/, works: storeHears },
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
    return runs && ((await works?.(ground, killedMs)) ?? true)
  })
}

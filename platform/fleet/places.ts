import type { Host, HostInstance, HostView } from '#contract/host-view.ts'
import type { HostName } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { listHosts } from './store.ts'
import { listSharedAddresses } from './store-addresses.ts'
import type { Db } from './tables.ts'

/** What a host has of the apps. */
export interface HostPlace extends Pick<HostView, 'runsApps' | 'holdsAddress' | 'memory'> {
  readonly running: readonly HostInstance[]
}

/** Instances of an app that find no room. */
export interface Stranded {
  readonly app: string
  readonly count: number
  readonly memoryMb: number
}

/** What the hosts' routes have to know of instances; the capability that places them answers. */
export interface Places {
  /** What each host has, by its name. */
  survey(db: Db, hosts: readonly Host[], now: Date): Promise<ReadonlyMap<string, HostPlace>>
  /** Who would have no place if a host were emptied. */
  findStranded(db: Db, host: HostName, now: Date): Promise<readonly Stranded[]>
  /** What runs on a host, or should, in words: such as `shop web.1`. */
  listRunning(db: Db, host: HostName): Promise<string[]>
}

/** A host with what it has, in figures and one by one. */
export type SurveyedHost = HostView & { readonly running: readonly HostInstance[] }

/** Every host with what it has. */
export async function surveyHosts(db: Db, places: Places, now: Date): Promise<SurveyedHost[]> {
  const hosts = await listHosts(db, now)
  const found = await places.survey(db, hosts, now)
  return hosts.map((host) => viewOf(host, found.get(host.name)))
}

const NOTHING: HostPlace = {
  runsApps: false,
  holdsAddress: false,
  running: [],
  memory: { promisedMb: 0, availableMb: 0 },
}

function viewOf(host: Host, { running, ...place }: HostPlace = NOTHING): SurveyedHost {
  const waiting = running.filter(({ course }) => course === 'waiting').length
  return { ...host, ...place, instances: running.length, waiting, running }
}

/** Without the instances one by one. */
export const inFigures = ({ running: _, ...view }: SurveyedHost): HostView => view

/** As a map: data centres, their hosts, what runs there. */
export async function mapHosts({ db, now }: ServerDeps, places: Places) {
  const hosts = await surveyHosts(db, places, now())
  const shared = new Map((await listSharedAddresses(db)).map((one) => [one.dataCentre, one.address]))
  const centres = Map.groupBy(hosts, ({ dataCentre }) => dataCentre)
  return {
    dataCentres: [...centres].map(([name, own]) => ({
      name,
      address: shared.get(name) ?? null,
      hosts: own.map((one) => ({ ...one, running: [...one.running] })),
    })),
  }
}

import type { HostReport, InstanceReport } from '#contract/agent.ts'
import type { Host, HostInstance } from '#contract/host-view.ts'
import type { AppName, HostName } from '#contract/ids.ts'
import { type HostPlace, listHosts, type Places, type Stranded } from '#platform/fleet/index.ts'
import {
  type HostReports,
  isFresh,
  latestReport,
  loadReports,
  placementHost,
  planPlacement,
  silenceByClock,
} from '#platform/workload/index.ts'
import { listAllApps } from './app-store.ts'
import { listInstances } from './instance-store.ts'
import { observe } from './observe.ts'
import { keyOf, MEMORY_MB } from './place-new.ts'
import { placementOf } from './placement.ts'
import type { InstanceKey } from './steps.ts'
import type { AppRow, Db, InstanceRow } from './tables.ts'
import { stateSeen } from './view.ts'

/** What the hosts' routes know of instances. */
export const places: Places = { survey, findStranded, listRunning }

interface Reading {
  readonly apps: readonly AppRow[]
  readonly rows: readonly InstanceRow[]
  readonly reports: HostReports
}

async function readAll(db: Db): Promise<Reading> {
  const apps = await listAllApps(db)
  const ids = apps.map(({ id }) => id)
  return { apps, rows: await listInstances(db, ids), reports: await loadReports(db) }
}

function asPlaced(hosts: readonly Host[], reports: HostReports, now: Date) {
  const silence = silenceByClock(reports, now)
  return hosts.map((host) => placementHost(host, reports.get(host.name), silence.get(host.name)))
}

async function survey(db: Db, hosts: readonly Host[], now: Date): Promise<ReadonlyMap<string, HostPlace>> {
  const reading = await readAll(db)
  const { rows, reports } = reading
  const placed = asPlaced(hosts, reports, now)
  const waiting = new Set(planPlacement({ ...placementOf(placed, rows, () => false), movesLeft: 0 }).waiting)
  const running = Map.groupBy(listSeen(reading, waiting, now), ({ host }) => host)
  const own = Map.groupBy(rows, ({ host }) => host)
  return new Map(
    hosts.map(({ name, role }, at) => [
      name,
      {
        runsApps: role === 'full' && reports.get(name)?.report.runsApps === true,
        holdsAddress: isFresh(reports.get(name), now) && reports.get(name)?.report.holdsAddress === true,
        running: (running.get(name) ?? []).map(({ instance }) => instance),
        memory: {
          promisedMb: (own.get(name)?.length ?? 0) * MEMORY_MB,
          availableMb: placed[at]?.roomMb ?? 0,
        },
      },
    ]),
  )
}

interface Seen {
  readonly host: string
  readonly instance: HostInstance
}

/** Every instance that should be somewhere, and those that are still there although nobody needs them. */
function listSeen({ apps, rows, reports }: Reading, waiting: ReadonlySet<string>, now: Date): Seen[] {
  const byApp = Map.groupBy(rows, ({ app_id }) => app_id)
  const leaving = new Set(rows.filter(({ leaving_since }) => leaving_since !== null).map(keyOfRow))
  const courseOf = (row: InstanceRow): HostInstance['course'] => {
    if (row.leaving_since !== null) return 'leaving'
    if (leaving.has(keyOfRow(row))) return 'arriving'
    return waiting.has(keyOfRow(row)) ? 'waiting' : 'stays'
  }
  const seen = apps.flatMap(({ id, name }) =>
    observe(byApp.get(id) ?? [], reports, name).map((one) => ({
      host: one.row.host,
      instance: { ...describe(name, one.row), state: stateSeen(one, now), course: courseOf(one.row) },
    })),
  )
  const wanted = new Set(
    apps.flatMap(({ id, name }) => (byApp.get(id) ?? []).map((row) => textOf(name, row))),
  )
  const ending = [...reports]
    .filter(([, received]) => isFresh(received, now))
    .flatMap(([host, { report }]) => listEnding(host, report, wanted))
  return [...seen, ...ending].sort(byName)
}

const listEnding = (host: string, { instances }: HostReport, wanted: ReadonlySet<string>): Seen[] =>
  instances
    .filter((one) => !wanted.has(textOf(one.app, { ...one, host })))
    .map((one) => ({
      host,
      instance: { ...describe(one.app, one), state: one.state, course: 'ending' as const },
    }))

const describe = (app: AppName, { process, index, release }: Omit<InstanceKey, 'epoch'>) => ({
  app,
  id: `${process}.${index}`,
  release,
})
const keyOfRow = (row: InstanceRow) => keyOf(row.app_id, row)
const textOf = (app: string, one: InstanceKey & { readonly host: string }) => `${one.host} ${keyOf(app, one)}`
const byName = ({ instance: a }: Seen, { instance: b }: Seen) =>
  a.app.localeCompare(b.app) || a.id.localeCompare(b.id) || a.release - b.release

/** Asks the plan itself, as if the host were to be emptied and no app were being changed. */
async function findStranded(db: Db, host: HostName, now: Date): Promise<readonly Stranded[]> {
  const { apps, rows, reports } = await readAll(db)
  const hosts = asPlaced(await listHosts(db, now), reports, now).map((one) =>
    one.name === host ? { ...one, standing: 'leaving' as const } : one,
  )
  const input = placementOf(hosts, rows, () => false)
  const instances = input.instances.map((one) => (one.host === host ? { ...one, still: false } : one))
  const waiting = new Set(planPlacement({ ...input, instances, movesLeft: 0 }).waiting)
  const own = rows.filter((row) => row.host === host && row.leaving_since === null)
  const stranded = Map.groupBy(
    own.filter((row) => waiting.has(keyOfRow(row))),
    ({ app_id }) => app_id,
  )
  return apps
    .filter(({ id }) => stranded.has(id))
    .map(({ id, name }) => ({ app: name, count: stranded.get(id)?.length ?? 0 }))
    .map((one) => ({ ...one, memoryMb: one.count * MEMORY_MB }))
    .sort((a, b) => b.count - a.count || a.app.localeCompare(b.app))
}

/** A host that is silent may still run what it ran when it was heard last. */
async function listRunning(db: Db, host: HostName): Promise<string[]> {
  const { apps, rows } = await readAll(db)
  const names = new Map(apps.map(({ id, name }): [string, string] => [id, name]))
  const reported: readonly InstanceReport[] = (await latestReport(db, host))?.report.instances ?? []
  const own = rows.filter((row) => row.host === host)
  return [
    ...new Set([
      ...own.map((row) => `${names.get(row.app_id) ?? ''} ${row.process}.${row.index}`),
      ...reported.map(({ app, process, index }) => `${app} ${process}.${index}`),
    ]),
  ].sort()
}

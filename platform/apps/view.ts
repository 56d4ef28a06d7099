import type { App, Instance, Release } from '#contract/apps.ts'
import type { Host } from '#contract/host-view.ts'
import { urlOf } from '#contract/installation.ts'
import type { Operation } from '#contract/operations.ts'
import { loadTeamNames } from '#platform/accounts/index.ts'
import { latestOperations } from '#platform/operations/index.ts'
import { describeStaleness, type HostReports, isFresh, loadReports } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { listInstances } from './instance-store.ts'
import { type Observed, observe } from './observe.ts'
import type { AppRow, InstanceRow, ReleaseRow } from './tables.ts'

/** Apps as people see them: what is stored, with what the host says about it. */
export async function loadViews(deps: ServerDeps, rows: readonly AppRow[]): Promise<App[]> {
  const ids = rows.map(({ id }) => id)
  const operations = await latestOperations(deps.db, ids)
  const instances = await listInstances(deps.db, ids)
  const teams = await loadTeamNames(deps.db, [...new Set(rows.map(({ team_id }) => team_id))])
  const reports = await loadReports(deps.db)
  return rows.map((row) => {
    const own = instances.filter(({ app_id }) => app_id === row.id)
    const team = teams.get(row.team_id) ?? row.team_id
    const counts = countInstances(row, observe(own, reports, row.name), deps.now())
    return viewApp(deps, { ...row, team }, operations.get(row.id), counts)
  })
}

interface Counts {
  readonly running: number
  readonly wanted: number
  /** The word of every host that matters can be relied on. */
  readonly known: boolean
}

/** An instance that moves is counted where it goes. */
function countInstances(app: AppRow, own: readonly Observed[], now: Date): Counts {
  const wanted = own.filter(
    ({ row }) => row.traffic === 'serve' && row.release === app.release && row.leaving_since === null,
  )
  const heard = wanted.filter(({ received }) => isFresh(received, now))
  const running = heard.filter(({ found }) => found?.state === 'healthy')
  return { running: running.length, wanted: wanted.length, known: heard.length === wanted.length }
}

function viewApp(
  deps: ServerDeps,
  row: AppRow & { readonly team: string },
  operation: Operation | undefined,
  counts: Counts,
): App {
  const { installation } = deps.config
  return {
    id: row.id,
    name: row.name,
    team: row.team,
    url: urlOf(installation, `${row.name}.${installation.domain}`),
    createdAt: row.created_at.toISOString(),
    release: row.release,
    state: stateOf(row, operation, counts),
    instances: { running: counts.running, wanted: counts.wanted },
  }
}

function stateOf(row: AppRow, operation: Operation | undefined, counts: Counts): App['state'] {
  const active = operation?.state === 'queued' || operation?.state === 'running'
  if (active && operation?.kind === 'destroy') return 'destroying'
  if (active) return 'deploying'
  if (row.release === null) return operation?.state === 'failed' ? 'failed' : 'new'
  return counts.known && counts.wanted > 0 && counts.running === 0 ? 'failed' : 'running'
}

/** What is known of an instance's state. */
export const stateSeen = ({ received, found }: Observed, now: Date): Instance['state'] =>
  found !== undefined && !isFresh(received, now) ? 'unknown' : (found?.state ?? 'starting')

/** Instances as people see them; when a host is silent, each of its instances says so. */
export function viewInstances(
  app: AppRow,
  own: readonly InstanceRow[],
  { reports, hosts }: { readonly reports: HostReports; readonly hosts: readonly Host[] },
  now: Date,
): Instance[] {
  const dataCentres = new Map(hosts.map(({ name, dataCentre }): [string, string] => [name, dataCentre]))
  return observe(own, reports, app.name).map((one) => {
    const { row, received, found } = one
    const stale = describeStaleness(received, now)
    return {
      id: `${row.process}.${row.index}`,
      process: row.process as Instance['process'],
      release: row.release,
      state: stateSeen(one, now),
      host: row.host,
      dataCentre: dataCentres.get(row.host) ?? null,
      startedAt: found?.startedAt ?? null,
      restarts: found?.restarts ?? 0,
      memoryBytes: found?.memoryBytes ?? null,
      detail: stale === '' ? (found?.detail ?? '') : stale,
    }
  })
}

/** A release as people see it. */
export function viewRelease(row: ReleaseRow): Release {
  return {
    version: row.version,
    state: row.state,
    reason: row.reason,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    kind: row.recipe.kind,
    stack: row.stack,
    sizeBytes: row.slug_bytes,
    processes: row.processes,
  }
}

import type { HostReport } from '#contract/agent.ts'
import type { App, Instance, Release } from '#contract/apps.ts'
import { urlOf } from '#contract/installation.ts'
import type { Operation } from '#contract/operations.ts'
import { loadTeamNames } from '#platform/accounts/index.ts'
import { latestOperations } from '#platform/operations/index.ts'
import { describeStaleness, latestReport, type ReceivedReport } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { findInstance } from './apply/instances.ts'
import { listInstances } from './instance-store.ts'
import type { AppRow, InstanceRow, ReleaseRow } from './tables.ts'

/** Apps as people see them: what is stored, with what the host says about it. */
export async function loadViews(deps: ServerDeps, rows: readonly AppRow[]): Promise<App[]> {
  const ids = rows.map(({ id }) => id)
  const operations = await latestOperations(deps.db, ids)
  const instances = await listInstances(deps.db, ids)
  const teams = await loadTeamNames(deps.db, [...new Set(rows.map(({ team_id }) => team_id))])
  const received = await latestReport(deps.db, deps.config.host.name)
  const fresh = describeStaleness(received, deps.now()) === '' ? received?.report : undefined
  return rows.map((row) => {
    const own = instances.filter(({ app_id }) => app_id === row.id)
    const team = teams.get(row.team_id) ?? row.team_id
    return viewApp(deps, { ...row, team }, operations.get(row.id), countInstances(row, own, fresh))
  })
}

interface Counts {
  readonly running: number
  readonly wanted: number
  /** The host's word can be relied on. */
  readonly known: boolean
}

function countInstances(row: AppRow, own: readonly InstanceRow[], fresh: HostReport | undefined): Counts {
  const wanted = own.filter(({ traffic, release }) => traffic === 'serve' && release === row.release)
  const running =
    fresh === undefined ? [] : wanted.filter((one) => findInstance(fresh, row.name, one)?.state === 'healthy')
  return { running: running.length, wanted: wanted.length, known: fresh !== undefined }
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

/** Instances as people see them; when the host is silent, each says so. */
export function viewInstances(
  row: AppRow,
  own: readonly InstanceRow[],
  received: ReceivedReport | undefined,
  now: Date,
): Instance[] {
  const stale = describeStaleness(received, now)
  return own.map((one) => {
    const found = received === undefined ? undefined : findInstance(received.report, row.name, one)
    return {
      id: `${one.process}.${one.index}`,
      process: one.process as Instance['process'],
      release: one.release,
      state: found?.state ?? 'starting',
      host: received?.report.host ?? '',
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

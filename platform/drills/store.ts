import type { ColumnType, Selectable } from 'kysely'
import { sql } from 'kysely'
import type { DrillLedger, DrillResult } from '#contract/drill-result.ts'
import type { DrillRun } from '#contract/drills.ts'
import type { DrillRunId } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { storableJson } from '#runtime/server/storable-json.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']
type Json<T> = ColumnType<T, string, never>
type Kept = Omit<DrillResult, 'ledger'>

interface RunTable {
  id: DrillRunId
  drill: string
  started_at: Date
  finished_at: Date
  result: Json<Kept>
  ledger: Json<DrillLedger> | null
}
const drills = (db: Db) => db.withTables<{ drills_run: RunTable }>()
const LISTED = ['id', 'result'] as const

/** Adds a run; one that is there already is given back as it is. */
export async function insertRun(
  tx: Db,
  id: DrillRunId,
  { ledger, ...result }: DrillResult,
): Promise<{ run: DrillRun; isNew: boolean }> {
  const inserted = await drills(tx)
    .insertInto('drills_run')
    .values({
      id,
      drill: result.drill,
      started_at: new Date(result.startedAt),
      finished_at: new Date(result.finishedAt),
      result: storableJson(result),
      ledger: ledger === undefined ? null : storableJson(ledger),
    })
    .onConflict((conflict) => conflict.columns(['drill', 'started_at']).doNothing())
    .returning(LISTED)
    .executeTakeFirst()
  if (inserted !== undefined) return { run: toRun(inserted), isNew: true }
  const known = await drills(tx)
    .selectFrom('drills_run')
    .select(LISTED)
    .where('drill', '=', result.drill)
    .where('started_at', '=', new Date(result.startedAt))
    .executeTakeFirstOrThrow()
  return { run: toRun(known), isNew: false }
}

/** The latest run of each drill. */
export async function latestRuns(db: Db): Promise<DrillRun[]> {
  const rows = await drills(db)
    .selectFrom('drills_run')
    .select(LISTED)
    .distinctOn('drill')
    .orderBy('drill')
    .orderBy('finished_at', 'desc')
    .execute()
  return rows.map(toRun)
}

/** Runs of a drill, newest first. */
export async function listRuns(db: Db, drill: string, limit: number): Promise<DrillRun[]> {
  const rows = await drills(db)
    .selectFrom('drills_run')
    .select(LISTED)
    .where('drill', '=', drill)
    .orderBy('finished_at', 'desc')
    .limit(limit)
    .execute()
  return rows.map(toRun)
}

/** One run with all that it handed in. */
export async function findRun(db: Db, id: string): Promise<DrillResult | undefined> {
  const row = await drills(db)
    .selectFrom('drills_run')
    .select(['result', 'ledger'])
    .where('id', '=', id as DrillRunId)
    .executeTakeFirst()
  return row && { ...row.result, ...(row.ledger && { ledger: row.ledger }) }
}

/** The drill during which something happened, if there was one. */
export async function drillAt(db: Db, at: Date): Promise<string | undefined> {
  const row = await drills(db)
    .selectFrom('drills_run')
    .select('drill')
    .where('started_at', '<=', at)
    .where('finished_at', '>=', at)
    .executeTakeFirst()
  return row?.drill
}

/** Removes a drill's runs that ended before; the latest stays, however old it is. */
export async function removeOldRuns(tx: Db, drill: string, before: Date): Promise<void> {
  await drills(tx)
    .deleteFrom('drills_run')
    .where('drill', '=', drill)
    .where('finished_at', '<', before)
    .where('finished_at', '<', (query) =>
      query
        .selectFrom('drills_run as latest')
        .select(sql<Date>`max(latest.finished_at)`.as('at'))
        .where('latest.drill', '=', drill),
    )
    .execute()
}

function toRun({ id, result }: Pick<Selectable<RunTable>, 'id' | 'result'>): DrillRun {
  const { drill, startedAt, finishedAt, place, measures, passed } = result
  return { id, drill, startedAt, finishedAt, place, measures, passed, result: result.result }
}

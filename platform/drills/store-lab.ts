import { type ColumnType, type Selectable, sql } from 'kysely'
import type { DrillEvent, DrillStart, NumberedDrillEvent } from '#contract/drills.ts'
import type { DrillStartId } from '#contract/ids.ts'
import { databaseNow } from '#runtime/server/database-clock.ts'
import { storableJson } from '#runtime/server/storable-json.ts'
import type { Db } from './store.ts'

interface LabTable {
  only_one: ColumnType<boolean, never, never>
  drills: string[]
  seen_at: Date
}
interface StartTable {
  id: DrillStartId
  drill: string
  started_by: string
  started_at: Date
  finished_at: Date | null
}
interface EventTable {
  start: DrillStartId
  number: number
  event: ColumnType<DrillEvent, string, never>
}
const tables = (db: Db) =>
  db.withTables<{ drills_lab: LabTable; drills_start: StartTable; drills_event: EventTable }>()

/** The machine that carries the lab, as it was heard last; times are the database's. */
export interface LabSeen {
  readonly drills: readonly string[]
  readonly seenAt: Date
  readonly askedAt: Date
}

export async function loadLab(db: Db): Promise<LabSeen | undefined> {
  const row = await tables(db)
    .selectFrom('drills_lab')
    .select(['drills', 'seen_at', databaseNow.as('asked_at')])
    .executeTakeFirst()
  return row && { drills: row.drills, seenAt: row.seen_at, askedAt: row.asked_at }
}

/** Notes that it was heard, and what it can carry out. */
export async function saveLab(tx: Db, drills: readonly string[]): Promise<void> {
  const row = { drills: [...drills], seen_at: databaseNow }
  await tables(tx)
    .insertInto('drills_lab')
    .values(row)
    .onConflict((conflict) => conflict.column('only_one').doUpdateSet(row))
    .execute()
}

/** The same where what it can carry out is known. */
export async function saveSeen(tx: Db): Promise<void> {
  await tables(tx).updateTable('drills_lab').set({ seen_at: databaseNow }).execute()
}

/** A start that has not ended, and the number of its last event; 0 where nobody has taken it yet. */
export interface UnderWay {
  readonly start: DrillStart
  readonly told: number
  /** When the database was asked, by its own clock as the start's times are. */
  readonly askedAt: Date
}

export async function findUnderWay(db: Db): Promise<UnderWay | undefined> {
  const row = await tables(db)
    .selectFrom('drills_start')
    .selectAll()
    .select(databaseNow.as('asked_at'))
    .select((query) =>
      query
        .selectFrom('drills_event')
        .select(({ fn }) => fn.max('number').as('last'))
        .whereRef('drills_event.start', '=', 'drills_start.id')
        .as('told'),
    )
    .where('finished_at', 'is', null)
    .executeTakeFirst()
  return row && { start: toStart(row), told: row.told ?? 0, askedAt: row.asked_at }
}

export async function findStart(db: Db, id: string): Promise<DrillStart | undefined> {
  const row = await tables(db)
    .selectFrom('drills_start')
    .selectAll()
    .where('id', '=', id as DrillStartId)
    .executeTakeFirst()
  return row && toStart(row)
}

/** Adds a start; undefined where another one has not ended. */
export async function insertStart(
  tx: Db,
  { id, drill, startedBy }: Pick<DrillStart, 'id' | 'drill' | 'startedBy'>,
): Promise<DrillStart | undefined> {
  const row = await tables(tx)
    .insertInto('drills_start')
    .values({ id, drill, started_by: startedBy, started_at: databaseNow, finished_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
  return row && toStart(row)
}

export async function endStart(tx: Db, id: DrillStartId): Promise<void> {
  await tables(tx)
    .updateTable('drills_start')
    .set({ finished_at: databaseNow })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .execute()
}

/** Adds events; those that are there already stay as they are. */
export async function insertEvents(
  tx: Db,
  start: DrillStartId,
  events: readonly NumberedDrillEvent[],
): Promise<void> {
  if (events.length === 0) return
  await tables(tx)
    .insertInto('drills_event')
    .values(events.map(({ number, event }) => ({ start, number, event: storableJson(event) })))
    .onConflict((conflict) => conflict.columns(['start', 'number']).doNothing())
    .execute()
}

/** Events after a number, in order. */
export async function listDrillEvents(
  db: Db,
  start: DrillStartId,
  after: number,
  limit: number,
): Promise<NumberedDrillEvent[]> {
  return await tables(db)
    .selectFrom('drills_event')
    .select(['number', 'event'])
    .where('start', '=', start)
    .where('number', '>', after)
    .orderBy('number')
    .limit(limit)
    .execute()
}

export async function removeOldStarts(tx: Db, days: number): Promise<void> {
  const oldest = sql<Date>`statement_timestamp() - make_interval(days => ${days})`
  await tables(tx).deleteFrom('drills_start').where('started_at', '<', oldest).execute()
}

const toStart = (row: Selectable<StartTable>): DrillStart => ({
  id: row.id,
  drill: row.drill,
  startedBy: row.started_by,
  startedAt: row.started_at.toISOString(),
  finishedAt: row.finished_at?.toISOString() ?? null,
})

import { sql } from 'kysely'
import type {
  EventKind,
  GuardReport,
  HostBlock,
  MinuteCounts,
  NetworkEvent,
  NetworkTraffic,
} from '#contract/guard.ts'
import { jsonb } from '#runtime/server/jsonb.ts'
import { notify } from '#runtime/server/notify.ts'
import {
  type BlockRow,
  type Db,
  type EngagementRow,
  guardTables,
  type PartnerRow,
  type ReportRow,
} from './tables.ts'

/** Rings when people changed who may speak to the hosts. */
export const ORDERS_CHANGED = 'network_orders'
/** Rings when a host's guard had something new to tell. */
export const GUARD_TOLD = 'network_guard'

export const listBlocks = (db: Db): Promise<BlockRow[]> =>
  guardTables(db).selectFrom('network_block').selectAll().orderBy('since').execute()

/** A block; one that is there already gets the new end and reason. */
export async function putBlock(tx: Db, row: BlockRow): Promise<void> {
  await guardTables(tx)
    .insertInto('network_block')
    .values(row)
    .onConflict((conflict) => conflict.column('source').doUpdateSet(row))
    .execute()
  await notify(tx, ORDERS_CHANGED)
}

/** Ends people's block of a source and hosts' holds that began before now. Tells whether there was such a block. */
export async function putLift(tx: Db, source: string, at: Date): Promise<boolean> {
  const { numDeletedRows } = await guardTables(tx)
    .deleteFrom('network_block')
    .where('source', '=', source)
    .executeTakeFirst()
  await guardTables(tx)
    .insertInto('network_lift')
    .values({ source, at })
    .onConflict((conflict) => conflict.column('source').doUpdateSet({ at }))
    .execute()
  await notify(tx, ORDERS_CHANGED)
  return numDeletedRows > 0n
}

export const listLifts = (db: Db): Promise<Array<{ source: string; at: Date }>> =>
  guardTables(db).selectFrom('network_lift').selectAll().orderBy('source').execute()

export const listPartners = (db: Db): Promise<PartnerRow[]> =>
  guardTables(db).selectFrom('network_partner').selectAll().orderBy('source').execute()

export async function putPartner(tx: Db, row: PartnerRow): Promise<void> {
  await guardTables(tx)
    .insertInto('network_partner')
    .values(row)
    .onConflict((conflict) => conflict.column('source').doUpdateSet(row))
    .execute()
  await notify(tx, ORDERS_CHANGED)
}

/** Tells whether it was one. */
export async function deletePartner(tx: Db, source: string): Promise<boolean> {
  const { numDeletedRows } = await guardTables(tx)
    .deleteFrom('network_partner')
    .where('source', '=', source)
    .executeTakeFirst()
  await notify(tx, ORDERS_CHANGED)
  return numDeletedRows > 0n
}

export const listEngagements = (db: Db): Promise<EngagementRow[]> =>
  guardTables(db).selectFrom('network_engagement').selectAll().orderBy('starts_at', 'desc').execute()

export async function insertEngagement(tx: Db, row: EngagementRow): Promise<void> {
  await guardTables(tx).insertInto('network_engagement').values(row).execute()
  await notify(tx, ORDERS_CHANGED)
}

/** Ends one that is not over; undefined where there is none. */
export async function endEngagement(tx: Db, id: string, at: Date): Promise<EngagementRow | undefined> {
  const row = await guardTables(tx)
    .updateTable('network_engagement')
    .set({ ends_at: at })
    .where('id', '=', id)
    .where('ends_at', '>', at)
    .returningAll()
    .executeTakeFirst()
  await notify(tx, ORDERS_CHANGED)
  return row
}

/** Keeps what a host's guard has said: its state as it is now, and what has happened. */
export async function saveGuardReport(
  tx: Db,
  host: string,
  { problem, blocks, events, counts }: GuardReport,
  at: Date,
): Promise<void> {
  const state = { at, problem, blocks: jsonb<HostBlock[]>(blocks) }
  await guardTables(tx)
    .insertInto('network_report')
    .values({ host, ...state })
    .onConflict((conflict) => conflict.column('host').doUpdateSet(state))
    .execute()
  await saveCounts(tx, host, counts)
  if (events.length === 0) return
  await guardTables(tx)
    .insertInto('network_event')
    .values(
      events.map((event) => ({
        ...{ host, uid: event.uid, kind: event.kind, started_at: new Date(event.start_time) },
        event: jsonb<NetworkEvent>(event),
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['host', 'uid']).doUpdateSet({ event: (update) => update.ref('excluded.event') }),
    )
    .execute()
}

/** A minute that is told of again is the same one. */
async function saveCounts(tx: Db, host: string, counts: readonly MinuteCounts[]): Promise<void> {
  if (counts.length === 0) return
  await guardTables(tx)
    .insertInto('network_minute')
    .values(counts.map((minute) => ({ ...minute, host, at: new Date(minute.at) })))
    .onConflict((conflict) => conflict.columns(['host', 'at']).doNothing())
    .execute()
}

/** The packets of each step and the events that began in it, of one host or all, the oldest first. */
export async function loadTraffic(
  db: Db,
  { host, stepS, since }: { readonly host: string | undefined; readonly stepS: number; readonly since: Date },
): Promise<Pick<NetworkTraffic, 'counts' | 'events'>> {
  const step = (time: 'at' | 'started_at') =>
    sql`date_bin(make_interval(secs => ${stepS}::int), ${sql.ref(time)}, 'epoch')`
  const counts = await sql<Omit<MinuteCounts, 'at'> & { at: Date }>`select ${step('at')} as at,
      sum(judged)::bigint as judged, sum(refused)::bigint as refused, sum(kept_out)::bigint as kept_out,
      sum(flooded)::bigint as flooded
    from network_minute where at >= ${since} and (${host ?? null}::text is null or host = ${host ?? null})
    group by 1 order by 1`.execute(db)
  const events = await sql<{
    at: Date
    kind: string
    count: number
  }>`select ${step('started_at')} as at, kind,
      count(*)::int as count
    from network_event where started_at >= ${since} and (${host ?? null}::text is null or host = ${host ?? null})
    group by 1, 2 order by 1, 2`.execute(db)
  const dated = <T extends { readonly at: Date }>(rows: readonly T[]) =>
    rows.map((row) => ({ ...row, at: row.at.toISOString() }))
  return { counts: dated(counts.rows), events: dated(events.rows) }
}

export const listReports = (db: Db): Promise<ReportRow[]> =>
  guardTables(db).selectFrom('network_report').selectAll().orderBy('host').execute()

export interface EventQuery {
  readonly host?: string | undefined
  readonly kind?: EventKind | undefined
  readonly limit: number
}

/** What was noticed, the newest first; the platform's own questions only when they are asked for. */
export async function listEvents(
  db: Db,
  { host, kind, limit }: EventQuery,
): Promise<Array<{ host: string; event: NetworkEvent }>> {
  let query = guardTables(db).selectFrom('network_event').select(['host', 'event'])
  if (host !== undefined) query = query.where('host', '=', host)
  query = kind === undefined ? query.where('kind', '<>', 'detector check') : query.where('kind', '=', kind)
  return await query.orderBy('started_at', 'desc').orderBy('uid', 'desc').limit(limit).execute()
}

/** Forgets what is older than it is kept, and what hosts said that are no longer there. */
export async function forgetOld(
  tx: Db,
  hosts: readonly string[],
  { events, counts, over }: { readonly events: Date; readonly counts: Date; readonly over: Date },
): Promise<void> {
  const db = guardTables(tx)
  await db.deleteFrom('network_event').where('started_at', '<', events).execute()
  await db.deleteFrom('network_minute').where('at', '<', counts).execute()
  await db.deleteFrom('network_lift').where('at', '<', over).execute()
  await db.deleteFrom('network_block').where('until', '<', over).execute()
  if (hosts.length > 0) await db.deleteFrom('network_report').where('host', 'not in', hosts).execute()
}

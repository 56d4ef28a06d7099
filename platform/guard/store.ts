import { sql } from 'kysely'
import type { EventKind, GuardReport, HostBlock, NetworkEvent } from '#contract/guard.ts'
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
  { problem, blocks, events }: GuardReport,
  at: Date,
): Promise<void> {
  const state = { at, problem, blocks: jsonb<HostBlock[]>(blocks) }
  await guardTables(tx)
    .insertInto('network_report')
    .values({ host, ...state })
    .onConflict((conflict) => conflict.column('host').doUpdateSet(state))
    .execute()
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

const jsonb = <T>(value: T) => sql<T>`${JSON.stringify(value)}::jsonb`

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
  { events, over }: { readonly events: Date; readonly over: Date },
): Promise<void> {
  const db = guardTables(tx)
  await db.deleteFrom('network_event').where('started_at', '<', events).execute()
  await db.deleteFrom('network_lift').where('at', '<', over).execute()
  await db.deleteFrom('network_block').where('until', '<', over).execute()
  if (hosts.length > 0) await db.deleteFrom('network_report').where('host', 'not in', hosts).execute()
}

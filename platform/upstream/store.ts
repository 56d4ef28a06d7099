import { type Selectable, sql } from 'kysely'
import {
  type AutomaticLimit,
  type BlackHole,
  UPSTREAM_LIMITS,
  type UpstreamAddress,
  UpstreamSettings,
} from '#contract/upstream.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { jsonb } from '#runtime/server/jsonb.ts'
import { notify } from '#runtime/server/notify.ts'

/** Rings when providers, or what they should drop, are others. */
export const UPSTREAM_CHANGED = 'network_upstream'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']

interface ProviderTable {
  name: string
  settings: UpstreamSettings
  hosts: string[]
  automatic: AutomaticLimit | null
  secret: string | null
  created_by: string
  created_at: Date
  acknowledged: string | null
  acknowledged_at: Date | null
  problem: string
}

interface BlackHoleTable {
  id: string
  address: string
  upstream: string | null
  since: Date
  until: Date
  only: string | null
  reason: string
  created_by: string
  automatic: boolean
  ended_at: Date | null
  ended_by: string | null
}

export type ProviderRow = Selectable<ProviderTable>
export type BlackHoleRow = Selectable<BlackHoleTable>

const tables = (db: Db) =>
  db.withTables<{ upstream_provider: ProviderTable; upstream_black_hole: BlackHoleTable }>()
/** One change at a time: what is the last address depends on the others. */
export async function holdUpstreams(tx: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('upstream'))`.execute(tx)
}

export const listProviders = async (db: Db): Promise<ProviderRow[]> =>
  (await tables(db).selectFrom('upstream_provider').selectAll().orderBy('name').execute()).map((row) => ({
    ...row,
    settings: UpstreamSettings.parse(row.settings),
  }))

type NewProvider = Pick<
  ProviderRow,
  'name' | 'settings' | 'hosts' | 'automatic' | 'secret' | 'created_by' | 'created_at'
>

/** What went wrong: there is one of that name, or there are too many. Undefined: it is kept. */
export async function insertProvider(tx: Db, row: NewProvider): Promise<'exists' | 'full' | undefined> {
  const known = await listProviders(tx)
  if (known.some(({ name }) => name === row.name)) return 'exists'
  if (known.length >= UPSTREAM_LIMITS.upstreams) return 'full'
  const automatic = row.automatic === null ? null : jsonb<AutomaticLimit>(row.automatic)
  await tables(tx)
    .insertInto('upstream_provider')
    .values({ ...row, settings: jsonb<UpstreamSettings>(row.settings), automatic, problem: '' })
    .execute()
  await notify(tx, UPSTREAM_CHANGED)
  return undefined
}

/** Tells whether it was there. */
export async function deleteProvider(tx: Db, name: string): Promise<boolean> {
  const { numDeletedRows } = await tables(tx)
    .deleteFrom('upstream_provider')
    .where('name', '=', name)
    .executeTakeFirst()
  await notify(tx, UPSTREAM_CHANGED)
  return numDeletedRows > 0n
}

/** Keeps what a partner acknowledged, or why it did not. Whoever looks learns that. */
export async function noteTold(
  db: Db,
  name: string,
  told: { readonly acknowledged: string; readonly at: Date } | { readonly problem: string },
): Promise<void> {
  const change =
    'problem' in told
      ? { problem: told.problem }
      : { problem: '', acknowledged: told.acknowledged, acknowledged_at: told.at }
  await tables(db).updateTable('upstream_provider').set(change).where('name', '=', name).execute()
}

const standingRows = (db: Db) =>
  tables(db).selectFrom('upstream_black_hole').selectAll().where('ended_at', 'is', null)

/** What should be dropped at a time. */
export async function listDropped(db: Db, now: Date): Promise<BlackHole[]> {
  return (await standingRows(db).where('until', '>', now).orderBy('since').execute()).map(blackHoleOf)
}

/** What is over and was not ended yet. */
export async function listOver(db: Db, now: Date): Promise<BlackHole[]> {
  return (await standingRows(db).where('until', '<=', now).execute()).map(blackHoleOf)
}

/** A wish for the same address and provider that stands gets the new end and reason. */
export async function putDropped(tx: Db, one: BlackHole): Promise<BlackHole> {
  const same = standingRows(tx)
    .where('address', '=', one.address)
    .where('upstream', one.upstream === null ? 'is' : '=', one.upstream)
    .where('only', one.only === null ? 'is' : '=', one.only)
  const before = await same.executeTakeFirst()
  const { until, reason, by, automatic } = one
  const said = { until: new Date(until), reason, created_by: by, automatic }
  const about = { address: one.address, upstream: one.upstream, only: one.only }
  const kept = { id: before?.id ?? one.id, ...about, ...said }
  const row = { ...kept, since: before?.since ?? new Date(one.since), ended_at: null, ended_by: null }
  await tables(tx)
    .insertInto('upstream_black_hole')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(said))
    .execute()
  await notify(tx, UPSTREAM_CHANGED)
  return blackHoleOf(row)
}

/** Ends one. */
export async function endDropped(tx: Db, id: string, at: Date, by: string): Promise<void> {
  await tables(tx)
    .updateTable('upstream_black_hole')
    .set({ ended_at: at, ended_by: by })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .execute()
  await notify(tx, UPSTREAM_CHANGED)
}

/** Addresses that people let through again after a time. */
export async function listLetThrough(
  db: Db,
  after: Date,
): Promise<Array<{ readonly address: string; readonly endedAt: Date }>> {
  const rows = await tables(db)
    .selectFrom('upstream_black_hole')
    .select(['address', 'ended_at'])
    .where('ended_at', '>', after)
    .where('ended_by', '<>', 'maru')
    .execute()
  return rows.flatMap(({ address, ended_at }) => (ended_at === null ? [] : [{ address, endedAt: ended_at }]))
}

export const blackHoleOf = (row: BlackHoleRow): BlackHole => ({
  ...{ id: row.id, address: row.address as UpstreamAddress, upstream: row.upstream, only: row.only },
  ...{ since: row.since.toISOString(), until: row.until.toISOString() },
  ...{ reason: row.reason, by: row.created_by, automatic: row.automatic },
})

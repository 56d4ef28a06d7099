import type { Generated } from 'kysely'
import { Host, type HostIdentity, type HostRole, type HostState } from '#contract/hosts.ts'
import type { HostName } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']

interface HostRow {
  id: Generated<number>
  name: string
  data_centre: string
  address: string
  role: HostRole
  is_first: Generated<boolean>
  draining: Generated<boolean>
  joined_at: Date
  removed_at: Date | null
  told_at: Date | null
  key_hash: string | null
  certificate_expires_at: Date | null
  version: string | null
  generation: number | null
  reported_at: Date | null
}

type Tables = { fleet_host: HostRow }

/** Rings when hosts come or go. */
export const HOSTS_CHANGED = 'fleet.hosts'
/** A host that has not reported for so long is silent; it reports every five seconds. */
export const SILENT_S = 15

const fleet = (db: Db) => db.withTables<Tables>()

type Stored = Omit<HostRow, 'id' | 'is_first' | 'draining'> & { is_first: boolean; draining: boolean }

/** Every host of the installation, by data centre and name. */
export async function listHosts(db: Db, now = new Date()): Promise<Host[]> {
  const rows = await fleet(db)
    .selectFrom('fleet_host')
    .selectAll()
    .where('removed_at', 'is', null)
    .orderBy('data_centre')
    .orderBy('name')
    .execute()
  return rows.map((row) => hostOf(row, now))
}

/** A host by its name; undefined where there is none, or no longer. */
export async function findHost(db: Db, name: HostName, now = new Date()): Promise<Host | undefined> {
  const row = await fleet(db)
    .selectFrom('fleet_host')
    .selectAll()
    .where('removed_at', 'is', null)
    .where('name', '=', name)
    .executeTakeFirst()
  return row && hostOf(row, now)
}

/** Keeps what the first host is called and where it is, as its own `maru up` says. */
export async function saveFirstHost(tx: Db, host: HostIdentity, version: string, now: Date): Promise<void> {
  const said = {
    name: host.name,
    data_centre: host.dataCentre,
    address: host.address,
    role: host.role,
    version,
  }
  await fleet(tx)
    .insertInto('fleet_host')
    .values({ ...said, is_first: true, joined_at: now })
    .onConflict((conflict) =>
      conflict
        .column('is_first')
        .where(({ ref }) => ref('is_first'))
        .doUpdateSet(said),
    )
    .execute()
  await notify(tx, HOSTS_CHANGED)
}

/** A host has reported. */
export async function noteReport(tx: Db, name: HostName, generation: number, at: Date): Promise<void> {
  await fleet(tx)
    .updateTable('fleet_host')
    .set({ generation, reported_at: at })
    .where('name', '=', name)
    .where('removed_at', 'is', null)
    .execute()
}

const hostOf = (row: Stored, now: Date): Host =>
  Host.parse({
    name: row.name,
    dataCentre: row.data_centre,
    address: row.address,
    role: row.role,
    state: stateOf(row, now),
    first: row.is_first,
    generation: row.generation,
    version: row.version,
    joinedAt: row.joined_at.toISOString(),
    reportedAt: row.reported_at?.toISOString() ?? null,
    certificateExpiresAt: row.certificate_expires_at?.toISOString() ?? null,
  })

function stateOf(row: Stored, now: Date): HostState {
  if (row.removed_at !== null) return 'removed'
  if (row.reported_at === null) return 'joining'
  if (now.getTime() - row.reported_at.getTime() > SILENT_S * 1000) return 'silent'
  return row.draining ? 'draining' : 'ready'
}

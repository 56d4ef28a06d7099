import type { HostReport } from '#contract/agent.ts'
import { Fleet, type ServiceName, type SharedAddress } from '#contract/fleet.ts'
import type { HostIdentity } from '#contract/host-identity.ts'
import { Host, type HostState } from '#contract/host-view.ts'
import type { HostName } from '#contract/ids.ts'
import { databaseNow, onOwnClock } from '#runtime/server/database-clock.ts'
import { notify } from '#runtime/server/notify.ts'
import { forgetUnshared, listSharedAddresses } from './store-addresses.ts'
import { certificatesWantedBy, type Db, fleet, HOSTS_CHANGED, type HostRow } from './tables.ts'
import type { Placement } from './tier-plan.ts'

/** A host that has not reported for so long is silent; it reports every five seconds. */
export const SILENT_S = 15
/** So long it may be silent and still be counted on to hold an address: to take one back cuts what visitors have begun. */
const MISSED_S = 45

/** Every host of the installation, by data centre and name. */
export async function listHosts(db: Db, now = new Date()): Promise<Host[]> {
  return (await listMembers(db)).map((row) => hostOf(row, now))
}

/** Whether it is worth asking a host: it has been heard of, and lately. */
export const mayAnswer = ({ state }: Pick<Host, 'state'>): boolean =>
  state !== 'silent' && state !== 'joining'

/** A host by its name; undefined where there is none, or no longer. */
export async function findHost(db: Db, name: HostName, now = new Date()): Promise<Host | undefined> {
  const row = await findMember(db, name)
  return row && hostOf(row, now)
}

/** The rows of the hosts that belong to the installation. */
export async function listMembers(db: Db): Promise<HostRow[]> {
  return (await asked(db).orderBy('data_centre').orderBy('name').execute()).map(toOwnClock)
}

/** The row of a host that belongs to the installation. */
export async function findMember(db: Db, name: string): Promise<HostRow | undefined> {
  const row = await asked(db).where('name', '=', name).executeTakeFirst()
  return row && toOwnClock(row)
}

/** What every host is told of the others: who they are, and what is on which. */
export async function loadFleet(db: Db, now = new Date()): Promise<Fleet> {
  const [rows, placed] = [await listMembers(db), await loadPlacement(db)]
  const names = new Set(rows.map(({ name }) => name))
  const addresses = shareAddresses(rows, await listSharedAddresses(db), now)
  return Fleet.parse({
    hosts: rows.map(({ name, address }) => ({ name, address })),
    services: Object.fromEntries(Object.entries(placed).filter(([, host]) => names.has(host))),
    ...(addresses.length === 0 ? {} : { addresses }),
  })
}

/**
 * Who shares each address: the full hosts of its data centre, as long as there are some. One that is being emptied gives it up
 * only while another is heard that can take it.
 */
function shareAddresses(
  rows: readonly HostRow[],
  shared: Awaited<ReturnType<typeof listSharedAddresses>>,
  now: Date,
): SharedAddress[] {
  return shared.flatMap((one) => {
    const own = rows.filter((row) => row.data_centre === one.dataCentre && row.role === 'full')
    const isTaken = own.some((row) => !row.draining && isReporting(row, now, MISSED_S))
    const leaving = isTaken ? own.filter(({ draining }) => draining) : []
    const namesOf = (hosts: readonly HostRow[]) => hosts.map(({ name }) => name as HostName)
    return own.length === 0 ? [] : [{ ...one, hosts: namesOf(own), leaving: namesOf(leaving) }]
  })
}

/** Which host has each part of the platform, also where that host is gone. */
export async function loadPlacement(db: Db): Promise<Placement> {
  const rows = await fleet(db).selectFrom('fleet_service').select(['service', 'host']).execute()
  return Object.fromEntries(rows.map(({ service, host }) => [service, host]))
}

/** Keeps where a part of the platform is from now on; the hosts are told. */
export async function placeService(tx: Db, service: ServiceName, host: string, now: Date): Promise<void> {
  await fleet(tx)
    .insertInto('fleet_service')
    .values({ service, host, placed_at: now })
    .onConflict((conflict) => conflict.column('service').doUpdateSet({ host, placed_at: now }))
    .execute()
  await notify(tx, HOSTS_CHANGED)
}

/** Whether a host has reported lately. */
export const isReporting = ({ reported_at: at }: HostRow, now: Date, silentS = SILENT_S): boolean =>
  at !== null && now.getTime() - at.getTime() <= silentS * 1000

/** Keeps everyone else from draining or removing a host until the transaction ends: what is left has to be enough. */
export async function lockMembers(tx: Db): Promise<void> {
  await members(tx).orderBy('id').forUpdate().execute()
}

/** Begins or ends the emptying of a host. */
export async function setDraining(tx: Db, id: string, draining: boolean): Promise<void> {
  await fleet(tx).updateTable('fleet_host').set({ draining }).where('id', '=', id).execute()
  await notify(tx, HOSTS_CHANGED)
}

const members = (db: Db) => fleet(db).selectFrom('fleet_host').selectAll().where('removed_at', 'is', null)
const asked = (db: Db) => members(db).select(databaseNow.as('asked_at'))

/** Whoever leads wrote down when a host reported, and others judge how long ago that is. */
const toOwnClock = ({ asked_at, ...row }: HostRow & { asked_at: Date }): HostRow => ({
  ...row,
  reported_at: row.reported_at && onOwnClock(row.reported_at, asked_at),
})

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
        .doUpdateSet(said)
        // One that was removed and does not know it yet has nothing to say.
        .where('fleet_host.removed_at', 'is', null),
    )
    .execute()
  await notify(tx, HOSTS_CHANGED)
}

export interface NewHost {
  readonly host: HostIdentity
  readonly keyHash: string
  readonly version: string
  readonly certificateExpiresAt: Date
}

/** Adds a host that has joined. False when its name is another's. A host that asks again with its key is the same. */
export async function addHost(
  tx: Db,
  { host, keyHash, version, certificateExpiresAt }: NewHost,
  now: Date,
): Promise<boolean> {
  const have = await findMember(tx, host.name)
  if (have !== undefined && have.key_hash !== keyHash) return false
  const said = { address: host.address, version, certificate_expires_at: certificateExpiresAt }
  const names = { name: host.name, data_centre: host.dataCentre, role: host.role, key_hash: keyHash }
  if (have === undefined)
    await fleet(tx)
      .insertInto('fleet_host')
      .values({ ...names, ...said, joined_at: now })
      .execute()
  else await setHost(tx, have.id, said)
  await notify(tx, HOSTS_CHANGED)
  return true
}

/** Keeps what was learned of a host. */
export async function setHost(
  db: Db,
  id: string,
  learned: Partial<
    Pick<HostRow, 'address' | 'version' | 'certificate_expires_at' | 'key_hash' | 'next_key_hash'>
  >,
): Promise<void> {
  await fleet(db).updateTable('fleet_host').set(learned).where('id', '=', id).execute()
}

/** A host has named its next key; from now on it is known by both. Nothing, where another control plane was faster. */
export async function expectKey(
  db: Db,
  { id, key_hash: keyHash }: Pick<HostRow, 'id' | 'key_hash'>,
  nextKeyHash: string,
): Promise<void> {
  await fleet(db)
    .updateTable('fleet_host')
    .set({ next_key_hash: nextKeyHash })
    .where('id', '=', id)
    .where('key_hash', 'is not distinct from', keyHash)
    .execute()
}

/** A host has answered with its next key: it is known by no other from now on. */
export async function takeKey(db: Db, { id }: Pick<HostRow, 'id'>, keyHash: string): Promise<void> {
  await fleet(db)
    .updateTable('fleet_host')
    .set({ key_hash: keyHash, next_key_hash: null })
    .where('id', '=', id)
    .where('next_key_hash', '=', keyHash)
    .execute()
}

/** A host has reported. */
export async function noteReport(
  tx: Db,
  name: HostName,
  { generation, certificatesWanted }: Pick<HostReport, 'generation' | 'certificatesWanted'>,
): Promise<void> {
  await fleet(tx)
    .updateTable('fleet_host')
    .set({ generation, reported_at: databaseNow })
    .where('name', '=', name)
    .where('removed_at', 'is', null)
    .execute()
  if (certificatesWanted > 0) await notify(tx, certificatesWantedBy(name))
}

/** Whether a host of this name belonged to the installation once. */
export async function wasMember(db: Db, name: string): Promise<boolean> {
  const row = await fleet(db)
    .selectFrom('fleet_host')
    .select('id')
    .where('name', '=', name)
    .where('removed_at', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Removes a host; its invitation, too, so that nothing that it has can bring it back. */
export async function removeHost(
  tx: Db,
  { id, name }: Pick<HostRow, 'id' | 'name'>,
  now: Date,
): Promise<void> {
  await fleet(tx)
    .updateTable('fleet_host')
    .set({ removed_at: now })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .execute()
  await fleet(tx).deleteFrom('fleet_invitation').where('name', '=', name).execute()
  await forgetUnshared(tx)
  await notify(tx, HOSTS_CHANGED)
}

/** Hosts that were removed since then and do not know it yet. */
export async function listUntold(db: Db, since: Date): Promise<HostRow[]> {
  return await fleet(db)
    .selectFrom('fleet_host')
    .selectAll()
    .where('removed_at', '>', since)
    .where('told_at', 'is', null)
    .execute()
}

/** A removed host knows it. */
export async function markTold(db: Db, id: string, now: Date): Promise<void> {
  await fleet(db).updateTable('fleet_host').set({ told_at: now }).where('id', '=', id).execute()
}

const hostOf = (row: HostRow, now: Date): Host =>
  Host.parse({
    name: row.name,
    dataCentre: row.data_centre,
    address: row.address,
    role: row.role,
    state: stateOf(row, now),
    draining: row.draining,
    first: row.is_first,
    generation: row.generation,
    version: row.version,
    joinedAt: row.joined_at.toISOString(),
    reportedAt: row.reported_at?.toISOString() ?? null,
    certificateExpiresAt: row.certificate_expires_at?.toISOString() ?? null,
  })

function stateOf(row: HostRow, now: Date): HostState {
  if (row.removed_at !== null) return 'removed'
  if (row.reported_at === null) return 'joining'
  if (!isReporting(row, now)) return 'silent'
  return row.draining ? 'draining' : 'ready'
}

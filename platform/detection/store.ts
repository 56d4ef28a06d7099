import { type Selectable, sql } from 'kysely'
import type { Incident, IncidentEntry } from '#contract/detection.ts'
import type { HostEvent } from '#contract/guard.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { jsonb } from '#runtime/server/jsonb.ts'
import { notify } from '#runtime/server/notify.ts'
import type { IncidentChange, Known } from './incident-plan.ts'

/** Rings when an incident began, went on or ended. */
export const INCIDENTS_CHANGED = 'network_incidents'

type Db = ServerDeps['db']

interface IncidentTable {
  id: string
  state: Incident['state']
  who: string
  opened_at: Date
  last_at: Date
  incident: Incident
}

interface EntryTable {
  host: string
  uid: string
  incident: string
  started_at: Date
  entry: IncidentEntry
}

const tables = (db: Db) =>
  db.withTables<{ network_incident: IncidentTable; network_incident_entry: EntryTable }>()

/** Reports of several hosts come at once: one after the other decides which incident something belongs to. */
export async function holdIncidents(tx: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('network_incident'))`.execute(tx)
}

/** What events may belong to: incidents of the same attackers that go on, and those which they belong to already. */
export async function loadKnown(
  tx: Db,
  who: readonly string[],
  events: ReadonlyArray<Pick<HostEvent, 'host' | 'uid'>>,
): Promise<Known[]> {
  if (events.length === 0) return []
  const uids = events.map(({ uid }) => uid)
  const entries: Array<Selectable<EntryTable>> = await tables(tx)
    .selectFrom('network_incident_entry')
    .selectAll()
    .where('uid', 'in', uids)
    .execute()
  const own = entries.filter(({ host, uid }) => events.some((one) => one.host === host && one.uid === uid))
  const ids = own.map(({ incident }) => incident)
  const incidents = await tables(tx)
    .selectFrom('network_incident')
    .select('incident')
    .where(({ or, and, eb }) =>
      or([
        and([eb('state', '=', 'open'), eb('who', 'in', who)]),
        ...(ids.length === 0 ? [] : [eb('id', 'in', ids)]),
      ]),
    )
    .orderBy('last_at', 'desc')
    .execute()
  return incidents.map(({ incident }) => ({
    incident,
    entries: own.filter((one) => one.incident === incident.id).map(({ entry }) => entry),
  }))
}

/** Keeps incidents as they are now, and what is new or another in them. */
export async function saveIncidents(tx: Db, changes: readonly IncidentChange[]): Promise<void> {
  if (changes.length === 0) return
  for (const { incident, entries } of changes) {
    await putIncident(tx, incident)
    for (const entry of entries) await putEntry(tx, incident.id, entry)
  }
  await notify(tx, INCIDENTS_CHANGED)
}

async function putIncident(tx: Db, incident: Incident): Promise<void> {
  const { id, state, who } = incident
  const times = { opened_at: new Date(incident.openedAt), last_at: new Date(incident.lastAt) }
  const row = { state, who, ...times, incident: jsonb<Incident>(incident) }
  await tables(tx)
    .insertInto('network_incident')
    .values({ id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute()
}

async function putEntry(tx: Db, incident: string, entry: IncidentEntry): Promise<void> {
  const { host, uid } = entry
  const row = { started_at: new Date(entry.start_time), entry: jsonb<IncidentEntry>(entry) }
  await tables(tx)
    .insertInto('network_incident_entry')
    .values({ host, uid, incident, ...row })
    .onConflict((conflict) => conflict.columns(['host', 'uid']).doUpdateSet(row))
    .execute()
}

/** Ends those that were quiet since a time. */
export async function closeQuiet(
  tx: Db,
  since: Date,
  close: (incident: Incident) => Incident | undefined,
): Promise<number> {
  const rows = await tables(tx)
    .selectFrom('network_incident')
    .select('incident')
    .where('state', '=', 'open')
    .where('last_at', '<=', since)
    .execute()
  const closed = rows.flatMap(({ incident }) => close(incident) ?? [])
  for (const incident of closed) await putIncident(tx, incident)
  if (closed.length > 0) await notify(tx, INCIDENTS_CHANGED)
  return closed.length
}

/** Forgets those that ended before a time. */
export async function forgetIncidents(tx: Db, before: Date): Promise<void> {
  await tables(tx)
    .deleteFrom('network_incident')
    .where('state', '=', 'closed')
    .where('last_at', '<', before)
    .execute()
}

/** The newest first. */
export async function listIncidents(
  db: Db,
  { state, limit }: { readonly state?: Incident['state'] | undefined; readonly limit: number },
): Promise<Incident[]> {
  let query = tables(db).selectFrom('network_incident').select('incident')
  if (state !== undefined) query = query.where('state', '=', state)
  const rows = await query.orderBy('last_at', 'desc').orderBy('id').limit(limit).execute()
  return rows.map(({ incident }) => incident)
}

/** One, with so many of its newest entries, oldest first; undefined where there is none. */
export async function findIncident(
  db: Db,
  id: string,
  limit: number,
): Promise<{ incident: Incident; entries: IncidentEntry[] } | undefined> {
  const row = await tables(db)
    .selectFrom('network_incident')
    .select('incident')
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const entries = await tables(db)
    .selectFrom('network_incident_entry')
    .select('entry')
    .where('incident', '=', id)
    .orderBy('started_at', 'desc')
    .orderBy('uid', 'desc')
    .limit(limit)
    .execute()
  return { incident: row.incident, entries: entries.map(({ entry }) => entry).reverse() }
}

import type pg from 'pg'
import type { ServerDeps } from './handler.ts'
import { JOBS_SCHEMA } from './jobs.ts'

/** A control plane that runs, as the others see it. */
export interface ProcessRow {
  readonly id: string
  readonly beat: number
  readonly replaced: boolean
}

/** Rings when a control plane has come or gone. */
export const PROCESSES = 'server.processes'

type Queries = Pick<pg.ClientBase, 'query'>

/** What every connection of a process is called, so that another one can end them. */
export const connectionNameOf = (id: string) => `maru-control ${id}`

/** Makes a process known. Whoever was known at the same place before is gone: only one can listen there. */
export async function register(
  client: Queries,
  { id, place, version }: { id: string; place: string; version: string },
): Promise<void> {
  await client.query(
    `with before as (update server_process set replaced = true where place = $2 and id <> $1)
     insert into server_process (id, place, version) values ($1, $2, $3) on conflict (id) do nothing`,
    [id, place, version],
  )
}

/** A sign of life; then all that are known, the one with the lowest number first. */
export async function beatAndList(client: Queries, id: string): Promise<ProcessRow[]> {
  await client.query('update server_process set beat = beat + 1 where id = $1 and not replaced', [id])
  const found = await client.query<ProcessRow>(
    'select id, beat, replaced from server_process order by number',
  )
  return found.rows
}

/** The hosts with a control plane that shows signs of life, or did until seconds ago. */
export async function listControlHosts(db: ServerDeps['db']): Promise<string[]> {
  const rows = await db
    .withTables<{ server_process: { place: string; replaced: boolean } }>()
    .selectFrom('server_process')
    .select('place')
    .where('replaced', '=', false)
    .execute()
  return rows.map(({ place }) => place.split(' ')[0] ?? '')
}

/** False when another has replaced the process: nothing that it does may count any more. */
export async function isKnown(client: Queries, id: string): Promise<boolean> {
  const { rowCount } = await client.query('select from server_process where id = $1 and not replaced', [id])
  return rowCount === 1
}

/** From now on no connection of the process is admitted. Committed before the next step, or that step proves nothing. */
export async function markReplaced(client: Queries, id: string): Promise<void> {
  await client.query('update server_process set replaced = true where id = $1', [id])
}

/** Ends the connections that the process still has, with what they were doing; gives how many were left. */
export async function cutConnections(client: Queries, id: string): Promise<number> {
  const { rowCount } = await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = $1 and usename = current_user`,
    [connectionNameOf(id)],
  )
  return rowCount ?? 0
}

/** Forgets a process that can do no more, and what it had under way. Tells the others. */
export async function forget(client: Queries, id: string): Promise<void> {
  await client.query(
    `with gone as (delete from server_process where id = $1),
       open as (delete from server_idempotency where process = $1 and status is null)
     select pg_notify('maru', $2)`,
    [id, JSON.stringify([PROCESSES, ''])],
  )
}

/** Says which ids the process's locks of jobs carry from now on. */
export async function holdLocks(client: Queries, id: string, lockIds: readonly string[]): Promise<boolean> {
  const { rowCount } = await client.query(
    'update server_process set lock_ids = $2 where id = $1 and not replaced',
    [id, lockIds],
  )
  return rowCount === 1
}

/**
 * Gives back the locks of jobs that no known process holds. An id is made known before the first lock carries it, and one
 * statement sees both at one moment: so a lock of a process that lives is never among them.
 */
export async function releaseOrphans(client: Queries): Promise<void> {
  await client.query(
    `select ${JOBS_SCHEMA}.force_unlock_workers(array_agg(distinct locked_by))
     from ${JOBS_SCHEMA}.jobs
     where locked_by is not null
       and not exists (select from server_process where locked_by = any (lock_ids))
     having count(*) > 0`,
  )
}

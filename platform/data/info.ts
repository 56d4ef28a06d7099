import { sql } from 'kysely'
import { DATA_LIMITS, type Database } from '#contract/data.ts'
import { MaruError } from '#contract/errors.ts'
import { readCluster } from '#runtime/drivers/patroni-client.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { loginOf, namesOf } from './names.ts'
import { findDatabase } from './store.ts'

/** What there is to know about an app's database, from the server and from the pair's keeper. */
export async function loadInfo(deps: ServerDeps, app: { id: string; name: string }): Promise<Database> {
  const row = await read(() => findDatabase(deps.db, app.id))
  if (!row?.ready) throw new MaruError('data.no_database', { app: app.name })
  const names = namesOf(app.id)
  const server = await read(() => askServer(deps, app.id))
  const members = (await readCluster(deps.config.patroni, deps.config.patroniCa)) ?? []
  const leader = members.find(({ role }) => role === 'leader')
  return {
    name: names.database,
    role: loginOf(app.id, row.rotation),
    host: deps.config.appDatabase.host,
    port: deps.config.appDatabase.port,
    version: server.version,
    sizeBytes: server.sizeBytes,
    connections: { now: server.connections, limit: DATA_LIMITS.connections },
    rotatedAt: row.rotated_at.toISOString(),
    primary: leader?.name ?? 'unknown',
    standbys: members
      .filter((member) => member !== leader)
      .map(({ name, state, lag, role }) => ({
        member: name,
        state,
        lagBytes: typeof lag === 'number' ? lag : null,
        synchronous: role === 'sync_standby' || role === 'quorum_standby',
      })),
  }
}

interface ServerFacts {
  readonly version: string
  readonly sizeBytes: number
  readonly connections: number
}

/**
 * The size of a database is only for those who may connect to it, which the control plane may not. It admits itself
 * inside a transaction that is rolled back: nobody else ever sees the membership.
 */
async function askServer(deps: ServerDeps, appId: string): Promise<ServerFacts> {
  const { database, group } = namesOf(appId)
  const tx = await deps.db.startTransaction().execute()
  try {
    await sql`grant ${sql.id(group)} to current_user with inherit true granted by current_user`.execute(tx)
    const { rows } = await sql<ServerFacts>`
      select current_setting('server_version') as version,
        pg_database_size(${database}) as "sizeBytes",
        (select count(*) from pg_stat_activity where datname = ${database}) as connections
    `.execute(tx)
    const [facts] = rows
    if (facts === undefined) throw new Error('the server said nothing')
    return facts
  } finally {
    await tx.rollback().execute()
  }
}

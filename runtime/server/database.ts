import { readFileSync } from 'node:fs'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { ControlConfig } from '#contract/installation.ts'
import type { Log } from '#runtime/kit/log.ts'
import { spoilsConnection } from './database-errors.ts'

// Sizes and counters are bigint in PostgreSQL; every one of ours fits a number, which is what the API speaks.
const BIGINT_OID = 20
pg.types.setTypeParser(BIGINT_OID, Number)

/** How to reach a database: the part that differs between a database and its neighbours is the name. */
export type Connection = Readonly<
  Pick<pg.ClientConfig, 'host' | 'port' | 'user' | 'password' | 'database' | 'ssl'>
>

/** The control plane's own database, by TLS that is verified against the installation's authority. */
export function connectionOf(database: ControlConfig['database']): Connection {
  return {
    host: database.host,
    port: database.port,
    user: database.user,
    password: database.password,
    database: database.name,
    ssl: { ca: readFileSync(database.caFile, 'utf8'), servername: database.host },
  }
}

/**
 * Limits that let a request survive a failover: connecting fails fast so that a retry meets the new primary,
 * and no answer is waited for longer than the statement may take.
 */
const POOL_LIMITS = {
  connectionTimeoutMillis: 3_000,
  query_timeout: 35_000,
  statement_timeout: 30_000,
  idle_in_transaction_session_timeout: 60_000,
  idleTimeoutMillis: 30_000,
  maxLifetimeSeconds: 600,
  keepAlive: true,
  keepAliveInitialDelayMillis: 5_000,
} as const

/** How the connections of one control plane are told from another's, and refused once it has been replaced. */
export interface OwnConnections {
  readonly name: string
  /** Throws when the process may no longer write. Asked over each new connection, before anything else is. */
  admit(client: pg.ClientBase): Promise<void>
}

/** A connection pool whose connections are dropped as soon as one of them shows that it is of no use. */
export function makePool(connection: Connection, log: Log, max = 10, own?: OwnConnections): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    ...POOL_LIMITS,
    max,
    application_name: own?.name ?? 'maru-control',
    onConnect: own?.admit,
  })
  // Without listeners, the loss of a connection would end the process: the pool tells of idle ones, the client of
  // one in use (whose query fails too, and that is where it is dealt with).
  pool.on('error', (error) => log.warn('database.idle_connection_lost', { error }))
  pool.on('connect', (client) => {
    client.on('error', (error) => log.debug('database.connection_lost', { error }))
  })
  openFewAtOnce(pool, max)
  return pool
}

/** A connection costs the server a process and a handshake. */
const AT_ONCE = 2

/**
 * After a failover everybody who waits would open a connection of his own, at the very moment in which the new primary has the
 * most to do: so only two are being opened at a time, and who waits gets whichever is free first.
 */
function openFewAtOnce(pool: pg.Pool, max: number): void {
  let open = 0
  const count = (change: 1 | -1 | 0) => {
    open += change
    pool.options.max = Math.min(max, open + AT_ONCE)
  }
  pool.on('connect', (client) => {
    count(1)
    client.once('end', () => count(-1))
    // The pool itself would open the next one only when one is given back.
    if (pool.waitingCount > 0) pool.connect((_error, _client, done) => done?.())
  })
  count(0)
}

/** Kysely over the pool; a capability narrows it with `withTables`. */
// biome-ignore lint/complexity/noBannedTypes: no tables are visible until a store names its own
export function makeDatabase(pool: pg.Pool): Kysely<{}> {
  const dialect = new PostgresDialect({
    pool: { connect: () => connectWatched(pool), end: () => pool.end() },
  })
  return new Kysely({ dialect })
}

/**
 * A connection to a demoted primary still answers, but refuses writes for ever. The pool can't know, so a
 * connection that saw such an error is destroyed on release instead of handed to the next caller.
 */
export async function connectWatched(pool: pg.Pool): Promise<pg.PoolClient> {
  const client = await pool.connect()
  let spoilt = false
  const watched: Pick<pg.PoolClient, 'query' | 'release'> = {
    query: ((...args: Parameters<pg.PoolClient['query']>) => {
      const answer: unknown = client.query(...args)
      if (answer instanceof Promise) {
        return answer.catch((error: unknown) => {
          spoilt ||= spoilsConnection(error)
          throw error
        })
      }
      return answer
    }) as pg.PoolClient['query'],
    release: () => client.release(spoilt),
  }
  return watched as pg.PoolClient
}

import type pg from 'pg'
import { pause } from '#runtime/kit/pause.ts'
import { connectWatched } from './database.ts'
import { isConnectionError } from './database-errors.ts'

/** A job that is over is written down within this time, or it is run again. */
const PATIENCE_MS = 60_000
/** When the control plane stops, nobody waits so long. */
const STOP_PATIENCE_MS = 3_000
const RETRY_MS = 250

/** The pool as the worker library gets it. */
export interface JobPool {
  readonly pool: pg.Pool
  /** Resolves when the end of every job has been written down, or given up. */
  settled(): Promise<void>
}

/**
 * The library writes down that a job is over without waiting for it: where that failed, nobody caught the error, and the
 * process ended. So these statements, which can be repeated, are tried here until they work, and never fail. What could not
 * be written down is told to `gaveUp`: its job is still locked.
 */
export function makeJobPool(pool: pg.Pool, stopped: AbortSignal, gaveUp: (error: unknown) => void): JobPool {
  const open = new Set<Promise<pg.QueryResult>>()
  const end = (statement: pg.QueryConfig) => {
    const written = writeEnd(pool, statement, stopped, gaveUp).finally(() => open.delete(written))
    open.add(written)
    return written
  }
  return {
    pool: new Proxy(pool, {
      get(target, key) {
        if (key === 'connect') return connectWith(target, end)
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    }),
    async settled() {
      await Promise.all(open)
    },
  }
}

/** How the library names the statements that end jobs. */
const endsJobs = (statement: unknown): statement is pg.QueryConfig =>
  typeof statement === 'object' &&
  statement !== null &&
  'name' in statement &&
  /^(complete|fail)_job/.test(String(statement.name))

/** A connection is made only for what may fail; with a callback (to listen) it is the pool's own way. */
function connectWith(pool: pg.Pool, end: (statement: pg.QueryConfig) => Promise<pg.QueryResult>) {
  return (callback?: Parameters<pg.Pool['connect']>[0]) => {
    if (callback !== undefined) return pool.connect(callback)
    let client: Promise<pg.PoolClient> | undefined
    return Promise.resolve({
      async query(statement: pg.QueryConfig, values?: unknown[]) {
        if (endsJobs(statement)) return await end(statement)
        client ??= connectWatched(pool)
        return await (await client).query(statement, values)
      },
      async release() {
        await client?.then(
          (one) => one.release(),
          () => undefined,
        )
      },
    })
  }
}

async function writeEnd(
  pool: pg.Pool,
  statement: pg.QueryConfig,
  stopped: AbortSignal,
  gaveUp: (error: unknown) => void,
): Promise<pg.QueryResult> {
  const begunMs = performance.now()
  for (;;) {
    try {
      const client = await connectWatched(pool)
      try {
        return await client.query(statement)
      } finally {
        client.release()
      }
    } catch (error) {
      const patienceMs = stopped.aborted ? STOP_PATIENCE_MS : PATIENCE_MS
      if (!isConnectionError(error) || performance.now() - begunMs > patienceMs) {
        gaveUp(error)
        return { command: '', rowCount: 0, oid: 0, fields: [], rows: [] }
      }
      await pause(RETRY_MS)
    }
  }
}

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
 * process ended. So these statements, which can be repeated, are tried here until they work, and never fail. Nor does the
 * one that takes a job: it finds none. Each time a job may be left locked, and that is told to `troubled`. It may also give back
 * the connection on which it listens twice, when that breaks while it is given back: that ended the process, too.
 */
export function makeJobPool(
  pool: pg.Pool,
  stopped: AbortSignal,
  troubled: (error: unknown) => void,
): JobPool {
  const open = new Set<Promise<pg.QueryResult>>()
  const end = (statement: pg.QueryConfig) => {
    const written = writeEnd(pool, statement, stopped, troubled).finally(() => open.delete(written))
    open.add(written)
    return written
  }
  return {
    pool: new Proxy(pool, {
      get(target, key) {
        if (key === 'connect') return connectWith(target, end, troubled)
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    }),
    async settled() {
      await Promise.all(open)
    },
  }
}

/** What the library does with jobs, by how it names its statements. */
function purposeOf({ name = '' }: pg.QueryConfig): 'take' | 'end' | 'other' {
  if (name.startsWith('get_job')) return 'take'
  return /^(complete|fail)_job/.test(name) ? 'end' : 'other'
}

const NOTHING: pg.QueryResult = { command: '', rowCount: 0, oid: 0, fields: [], rows: [] }

/** A connection is made only for what may fail; with a callback (to listen) it is the pool's own way. */
function connectWith(
  pool: pg.Pool,
  end: (statement: pg.QueryConfig) => Promise<pg.QueryResult>,
  troubled: (error: unknown) => void,
) {
  return (callback?: Parameters<pg.Pool['connect']>[0]) => {
    if (callback !== undefined)
      return pool.connect((error, client, done) => callback(error, client, once(done)))
    let client: Promise<pg.PoolClient> | undefined
    return Promise.resolve({
      async query(statement: pg.QueryConfig, values?: unknown[]) {
        const purpose = purposeOf(statement)
        if (purpose === 'end') return await end(statement)
        try {
          client ??= connectWatched(pool)
          return await (await client).query(statement, values)
        } catch (error) {
          if (purpose !== 'take') throw error
          troubled(error)
          return NOTHING
        }
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

/** What only counts the first time. */
function once<Args extends unknown[]>(act: (...args: Args) => void): (...args: Args) => void {
  let done = false
  return (...args) => {
    if (!done) act(...args)
    done = true
  }
}

async function writeEnd(
  pool: pg.Pool,
  statement: pg.QueryConfig,
  stopped: AbortSignal,
  troubled: (error: unknown) => void,
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
        troubled(error)
        return NOTHING
      }
      await pause(RETRY_MS)
    }
  }
}

import type { Kysely, Transaction } from 'kysely'
import { MaruError } from '#contract/errors.ts'
import { isConnectionError, isSerializationError } from './database-errors.ts'

/** Longer than a failover (about 6 s), shorter than a caller's patience. */
const PATIENCE_MS = 12_000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

/**
 * Runs a transaction, and runs it again when the database was away and the work was certainly not committed.
 * When the answer to COMMIT itself is lost, nobody knows: that is `database_unavailable`, never a second run.
 * `work` may run several times; what it does outside the transaction must bear that.
 */
export async function transact<DB, T>(db: Kysely<DB>, work: (tx: Transaction<DB>) => Promise<T>): Promise<T> {
  let worked = false
  const once = () => {
    worked = false
    return db.transaction().execute(async (tx) => {
      const result = await work(tx)
      worked = true
      return result
    })
  }
  return await retrying(once, (error) => (worked ? isSerializationError(error) : isTransient(error)))
}

/**
 * Like `transact`, for work that changes nothing more when it is done twice: it is run again also when the answer to COMMIT
 * was lost, so that a failover at that moment is no more than a pause.
 */
export async function transactRepeatable<DB, T>(
  db: Kysely<DB>,
  work: (tx: Transaction<DB>) => Promise<T>,
): Promise<T> {
  return await retrying(() => db.transaction().execute(work), isTransient)
}

/** Runs reads, and runs them again when the database was away. */
export async function read<T>(work: () => Promise<T>): Promise<T> {
  return await retrying(work, isTransient)
}

const isTransient = (error: unknown) => isConnectionError(error) || isSerializationError(error)

async function retrying<T>(work: () => Promise<T>, mayRetry: (error: unknown) => boolean): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work()
    } catch (error) {
      if (performance.now() + pauseMs > giveUpAt || !mayRetry(error)) throw asUnavailable(error)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

const asUnavailable = (error: unknown) =>
  isConnectionError(error) ? new MaruError('database_unavailable', {}, { cause: error }) : error

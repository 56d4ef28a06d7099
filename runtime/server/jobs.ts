import type { Kysely, Transaction } from 'kysely'

/** Runs a job; throwing makes it run again with a growing delay, at most `maxAttempts` times. */
export type JobHandler = (payload: unknown, signal: AbortSignal) => Promise<void>

export interface Jobs {
  /** Adds a job in the caller's transaction: it exists exactly when what it serves exists. */
  // biome-ignore lint/suspicious/noExplicitAny: any tables will do, the job table is the worker's own
  add(tx: Transaction<any> | Kysely<any>, name: string, payload: object, options?: JobOptions): Promise<void>
}

export interface JobOptions {
  /** Jobs of one queue run one after the other. */
  readonly queue?: string
  /** A pending job with the same key is replaced instead of added. */
  readonly key?: string
  readonly runAt?: Date
  readonly maxAttempts?: number
}

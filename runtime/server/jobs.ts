import type { Kysely, Transaction } from 'kysely'
import { sql } from 'kysely'

/** Runs a job; throwing makes it run again with a growing delay, at most `maxAttempts` times. */
export type JobHandler = (payload: unknown, signal: AbortSignal) => Promise<void>

/** Job name such as `apps.operation` → what runs it. */
export type JobHandlers = Readonly<Record<string, JobHandler>>

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
  /** With `key`: a pending job keeps its time. Without it, every restart would put a daily job off by a day. */
  readonly keepTime?: boolean
  readonly maxAttempts?: number
}

/** The schema that graphile-worker keeps its tables in. */
export const JOBS_SCHEMA = 'graphile_worker'

/** Adds jobs through the worker's own SQL function, so that it happens inside the caller's transaction. */
export const jobs: Jobs = {
  async add(tx, name, payload, options = {}) {
    await sql`select graphile_worker.add_job(
      ${name}::text,
      payload := ${JSON.stringify(payload)}::json,
      queue_name := ${options.queue ?? null}::text,
      run_at := ${options.runAt ?? null}::timestamptz,
      max_attempts := ${options.maxAttempts ?? null}::int,
      job_key := ${options.key ?? null}::text,
      job_key_mode := ${options.keepTime === true ? 'preserve_run_at' : 'replace'}::text
    )`.execute(tx)
  },
}

/** Longer than this nobody waits for a job that has to be tried until it works. */
const LONGEST_WAIT_S = 30

/**
 * Runs the jobs of a name that wait for a far retry, or have used up their attempts, now. The worker's delays grow to
 * hours, which is right for work that can be given up, and wrong for work that somebody waits for.
 */
export async function hurryJobs(
  // biome-ignore lint/suspicious/noExplicitAny: any tables will do, the job table is the worker's own
  db: Kysely<any>,
  name: string,
): Promise<void> {
  await sql`select graphile_worker.reschedule_jobs(array_agg(id), run_at := now(), attempts := 1)
    from graphile_worker.jobs
    where task_identifier = ${name} and locked_at is null and attempts > 0
      and (attempts >= max_attempts or run_at > now() + make_interval(secs => ${LONGEST_WAIT_S}))
    having count(*) > 0`.execute(db)
}

import { Logger, type Runner, run, runMigrations, type TaskList } from 'graphile-worker'
import type pg from 'pg'
import type { Log } from '#runtime/kit/log.ts'
import { JOBS_SCHEMA, type JobHandler, type JobHandlers } from './jobs.ts'

const CONCURRENCY = 8
const POLL_MS = 1_000
const RESTART_MS = 500
/** How a job's error starts when the control plane stopped in the middle of it. */
const INTERRUPTED = 'interrupted: the control plane stopped'

export interface JobWorker {
  /** Tells running jobs to stop, waits for them, and gives them back so that the next start goes on with them. */
  stop(): Promise<void>
}

/** Makes or updates the worker's tables. */
export async function installWorker(pool: pg.Pool): Promise<void> {
  await runMigrations({ pgPool: pool, schema: JOBS_SCHEMA, logger: quiet })
}

/**
 * Runs jobs until it is stopped. The worker ends when its database is lost; then it is started again, for ever.
 */
export function startWorker(pool: pg.Pool, handlers: JobHandlers, log: Log): JobWorker {
  const stopped = new AbortController()
  const active = new Set<Promise<void>>()
  let runner: Runner | undefined
  const taskList = taskListOf(handlers, stopped.signal, active, log)
  const loop = async () => {
    // One line an outage is enough: it is started again twice a second.
    let lost = false
    while (!stopped.signal.aborted) {
      try {
        await takeOver(pool)
        runner = await run({ ...OPTIONS, pgPool: pool, taskList })
        if (lost) log.info('jobs.worker_back')
        lost = false
        // Stopped while it was starting: nobody else knows this runner yet.
        if (stopped.signal.aborted) await runner.stop().catch(() => undefined)
        await runner.promise
      } catch (error) {
        if (!lost) log.warn('jobs.worker_lost', { error })
        lost = true
      }
      // A job that still runs must end before its lock is released, or it would run twice at once.
      await Promise.allSettled(active)
      if (!stopped.signal.aborted) await new Promise((resolve) => setTimeout(resolve, RESTART_MS))
    }
  }
  const looping = loop()
  return {
    async stop() {
      stopped.abort(new Error(INTERRUPTED))
      await runner?.stop().catch((error: unknown) => log.debug('jobs.stop', { error }))
      await looping
    },
  }
}

const quiet = new Logger(() => () => undefined)

const OPTIONS = {
  schema: JOBS_SCHEMA,
  concurrency: CONCURRENCY,
  pollInterval: POLL_MS,
  noHandleSignals: true,
  gracefulShutdownAbortTimeout: 0,
  parsedCronItems: [],
  logger: quiet,
}

function taskListOf(
  handlers: JobHandlers,
  stopped: AbortSignal,
  active: Set<Promise<void>>,
  log: Log,
): TaskList {
  const entries = Object.entries(handlers).map(([name, handler]) => [
    name,
    async (payload: unknown, helpers: { abortSignal: AbortSignal }) => {
      const signal = AbortSignal.any([stopped, helpers.abortSignal])
      const running = runOne(name, handler, payload, signal, log)
      active.add(running)
      await running.finally(() => active.delete(running))
    },
  ])
  return Object.fromEntries(entries) as TaskList
}

async function runOne(
  name: string,
  handler: JobHandler,
  payload: unknown,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  try {
    await handler(payload, signal)
  } catch (error) {
    if (signal.aborted) throw new Error(INTERRUPTED, { cause: error })
    log.error('jobs.failed', { job: name, error })
    throw error
  }
}

/**
 * There is one control plane, and it is this process: whoever holds a lock now is dead, and waiting four hours for
 * the lock to expire would be waiting for nobody. With several control planes, each would first have to show that the
 * holder is gone (by an advisory lock that the holder keeps). Interrupted jobs get their attempt back and run at once.
 */
async function takeOver(pool: pg.Pool): Promise<void> {
  await pool.query(
    `select ${JOBS_SCHEMA}.force_unlock_workers(array_agg(distinct locked_by))
     from ${JOBS_SCHEMA}.jobs where locked_by is not null having count(*) > 0`,
  )
  await pool.query(
    `select ${JOBS_SCHEMA}.reschedule_jobs(array[id], run_at := now(), attempts := greatest(attempts - 1, 0))
     from ${JOBS_SCHEMA}.jobs where last_error like $1 || '%' and run_at > now()`,
    [INTERRUPTED],
  )
}

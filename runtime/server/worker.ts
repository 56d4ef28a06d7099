import { Logger, run, runMigrations, type TaskList } from 'graphile-worker'
import type pg from 'pg'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import { INTERRUPTED, type JobLocks, makeJobLocks } from './job-locks.ts'
import { makeJobPool } from './job-pool.ts'
import { JOBS_SCHEMA, type JobHandler, type JobHandlers } from './jobs.ts'

const CONCURRENCY = 8
const POLL_MS = 1_000
const RESTART_MS = 500
const SETTLE_EVERY_MS = 5_000

export interface JobWorker {
  /** Tells running jobs to stop, waits for them, and gives them back so that whoever is there goes on with them. */
  stop(): Promise<void>
}

/** Makes or updates the worker's tables. */
export async function installWorker(pool: pg.Pool): Promise<void> {
  await runMigrations({ pgPool: pool, schema: JOBS_SCHEMA, logger: quiet })
}

interface Work {
  readonly pool: pg.Pool
  readonly locks: JobLocks
  readonly taskList: TaskList
  readonly stopped: AbortSignal
  readonly log: Log
}

/**
 * Runs jobs until it is stopped, for the process of that id. When the database was away, nobody knows which jobs the
 * worker has locked: then another one begins, and the one before ends with the last of its jobs, which goes on meanwhile.
 */
export function startWorker(pool: pg.Pool, process: string, handlers: JobHandlers, log: Log): JobWorker {
  const stopping = new AbortController()
  const stopped = stopping.signal
  const locks = makeJobLocks(pool, process)
  const work: Work = { pool, locks, stopped, log, taskList: taskListOf(handlers, stopped, log) }
  const looping = keepWorking(work)
  return {
    async stop() {
      stopping.abort(new Error(INTERRUPTED))
      await looping
    },
  }
}

async function keepWorking(work: Work): Promise<void> {
  const { locks, stopped, log } = work
  const ending = new Set<Promise<void>>()
  // One line an outage is enough: it is started again twice a second.
  let lost = false
  while (!stopped.aborted) {
    try {
      await locks.settle()
      const worker = await openWorker(work)
      if (lost) log.info('jobs.worker_back')
      lost = false
      const reason = await worker.troubled
      const ended = worker.end().finally(() => ending.delete(ended))
      ending.add(ended)
      if (stopped.aborted) break
      log.warn('jobs.worker_lost', { error: reason })
      lost = true
    } catch (error) {
      if (!lost) log.warn('jobs.worker_lost', { error })
      lost = true
    }
    await pause(RESTART_MS, stopped)
  }
  await Promise.all(ending)
  await locks.settle().catch((error: unknown) => log.debug('jobs.not_settled', { error }))
}

interface Worker {
  /** Resolves when it has to be replaced: with the reason, or without one when the work is stopped. */
  readonly troubled: Promise<unknown>
  /** Takes no more jobs; resolves when the last one has ended, and its lock may be given to another. */
  end(): Promise<void>
}

/** A worker whose id is known to the other processes before it takes its first job. */
async function openWorker({ pool, locks, taskList, stopped, log }: Work): Promise<Worker> {
  const trouble = Promise.withResolvers<unknown>()
  const stop = () => trouble.resolve(undefined)
  stopped.addEventListener('abort', stop)
  const ended = Promise.withResolvers<void>()
  const known = new Map<string, Promise<void>>()
  const know = async (lockId: string) => {
    const holding = known.get(lockId) ?? locks.hold(lockId)
    known.set(lockId, holding)
    // A worker that nobody knows takes no jobs: it waits here until it has been told to end.
    await holding.catch(async (error: unknown) => {
      trouble.resolve(error)
      await ended.promise
    })
  }
  const jobPool = makeJobPool(pool, stopped, trouble.resolve)
  const runner = await run({ ...OPTIONS, pgPool: jobPool.pool, taskList, preset: presetOf(know) })
  const settling = setInterval(() => locks.settle().catch(trouble.resolve), SETTLE_EVERY_MS)
  const running = runner.promise.then(trouble.resolve, trouble.resolve)
  if (stopped.aborted) stop()
  return {
    troubled: trouble.promise,
    async end() {
      clearInterval(settling)
      stopped.removeEventListener('abort', stop)
      const stopping = runner.stop().catch((error: unknown) => log.debug('jobs.stop', { error }))
      ended.resolve()
      await Promise.all([stopping, running])
      await jobPool.settled()
      for (const lockId of known.keys()) locks.drop(lockId)
    },
  }
}

/** The library asks before a worker takes its first job. */
const presetOf = (know: (lockId: string) => Promise<void>): GraphileConfig.Preset => ({
  plugins: [
    {
      name: 'MaruLocksPlugin',
      version: '1.0.0',
      worker: { hooks: { startWorker: async (_context, { worker }) => await know(worker.workerPool.id) } },
    },
  ],
})

const quiet = new Logger(() => () => undefined)

const OPTIONS = {
  schema: JOBS_SCHEMA,
  concurrency: CONCURRENCY,
  pollInterval: POLL_MS,
  noHandleSignals: true,
  parsedCronItems: [],
  logger: quiet,
}

function taskListOf(handlers: JobHandlers, stopped: AbortSignal, log: Log): TaskList {
  const entries = Object.entries(handlers).map(([name, handler]) => [
    name,
    (payload: unknown) => runOne(name, handler, payload, stopped, log),
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

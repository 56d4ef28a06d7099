import type { ServerDeps } from '#runtime/server/handler.ts'
import { hurryJobs, type JobHandlers, type JobOptions } from '#runtime/server/jobs.ts'
import { read, transact } from '#runtime/server/transact.ts'
import type { Check } from './check.ts'
import { runAndRecord } from './run-check.ts'
import { removeOldEvidence } from './store.ts'

const CHECK_JOB = 'trust.check'
const FORGET_JOB = 'trust.forget'
/** Checks run one after the other: they must not disturb each other, and the machine has other work. */
const QUEUE = 'trust'
const DAY_MS = 86_400_000
const KEPT_DAYS = 90
/** The platform may still be starting. */
const FIRST_MS = 5_000
/** What failed is looked at again sooner, so that what was mended shows soon. */
const AFTER_FAILURE_S = 30
const HURRY_MS = 60_000

/** Jobs that run each check at its interval, whichever control plane takes them, and forget old evidence. */
export function trustJobs(checks: readonly Check[]): (deps: ServerDeps) => JobHandlers {
  return (deps) => ({
    [CHECK_JOB]: async (payload, signal) => {
      const { check: name } = payload as { check: string }
      const check = checks.find((one) => one.name === name)
      // An earlier version of the platform had it.
      if (check === undefined) return
      const { passed } = await runAndRecord(check, deps, signal)
      const inS = passed ? check.everyS : Math.min(check.everyS, AFTER_FAILURE_S)
      await scheduleCheck(deps, check, inS * 1000)
    },
    [FORGET_JOB]: async () => {
      const before = new Date(deps.now().getTime() - KEPT_DAYS * DAY_MS)
      const removed = await transact(deps.db, async (tx) => {
        await scheduleForgetting({ ...deps, db: tx })
        return await removeOldEvidence(tx, before)
      })
      if (removed > 0) deps.log.info('trust.forgotten', { removed })
    },
  })
}

/**
 * Starts the rounds of all checks. One that is waited for keeps its time: whoever begins to lead does so after a fault or an
 * update, when the machines have other work than to prove all promises at once.
 */
export function trustLoop(checks: readonly Check[]) {
  return async (deps: ServerDeps): Promise<{ stop(): Promise<void> }> => {
    for (const check of checks) await read(() => scheduleCheck(deps, check, FIRST_MS, { keepTime: true }))
    await read(() => scheduleForgetting(deps))
    // A database that was away for long has pushed the next try far into the future.
    const hurrying = setInterval(() => {
      hurryJobs(deps.db, CHECK_JOB).catch((error: unknown) => deps.log.warn('trust.hurry_failed', { error }))
    }, HURRY_MS)
    return { stop: async () => clearInterval(hurrying) }
  }
}

async function scheduleCheck(
  { db, jobs, now }: ServerDeps,
  check: Check,
  inMs: number,
  pending: Pick<JobOptions, 'keepTime'> = {},
): Promise<void> {
  const runAt = new Date(now().getTime() + inMs)
  const key = `${CHECK_JOB}:${check.name}`
  await jobs.add(db, CHECK_JOB, { check: check.name }, { key, queue: QUEUE, runAt, ...pending })
}

async function scheduleForgetting({ db, jobs, now }: Pick<ServerDeps, 'db' | 'jobs' | 'now'>): Promise<void> {
  const runAt = new Date(now().getTime() + DAY_MS)
  await jobs.add(db, FORGET_JOB, {}, { key: FORGET_JOB, runAt, keepTime: true })
}

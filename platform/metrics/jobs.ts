import type { ServerDeps } from '#runtime/server/handler.ts'
import type { JobHandler } from '#runtime/server/jobs.ts'
import { transact } from '#runtime/server/transact.ts'
import { KEPT, keptSince, rollUpFrom } from './plan.ts'
import { type Db, forgetSteps, newestStep, rollUp } from './store.ts'

const NAME = 'metrics.roll-up'
const EVERY_MS = 60_000

/** Jobs of the metrics capability. */
export function metricsJobs(deps: ServerDeps): Record<string, JobHandler> {
  return {
    [NAME]: async () => {
      await transact(deps.db, async (tx) => {
        await scheduleRollUp(deps, tx)
        await rollUpAll(tx, deps.now())
      })
    },
  }
}

/** Plans the next summing up; one is pending at any time. */
export async function scheduleRollUp(deps: ServerDeps, tx: Db = deps.db): Promise<void> {
  const runAt = new Date(deps.now().getTime() + EVERY_MS)
  await deps.jobs.add(tx, NAME, {}, { key: NAME, runAt, keepTime: true })
}

/** Makes the longer steps, then gives up what is older than it is kept: in this order nothing is lost unsummed. */
export async function rollUpAll(tx: Db, now: Date): Promise<void> {
  for (const { stepS, fromS } of KEPT) {
    if (fromS === undefined) continue
    await rollUp(tx, { fromS, toS: stepS }, rollUpFrom(await newestStep(tx, stepS), stepS))
  }
  for (const { stepS, hours } of KEPT) await forgetSteps(tx, stepS, keptSince(hours, now))
}

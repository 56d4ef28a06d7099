import type { ServerDeps } from '#runtime/server/handler.ts'
import type { JobHandler } from '#runtime/server/jobs.ts'
import { transact } from '#runtime/server/transact.ts'
import { removeOldOperations } from './store.ts'

/** Stated in the hint of `operations.not_found`. */
const KEPT_DAYS = 90
const DAY_MS = 24 * 60 * 60 * 1000
const NAME = 'operations.forget'

/** Jobs of the operations capability. */
export function operationJobs(deps: ServerDeps): Record<string, JobHandler> {
  return {
    [NAME]: async () => {
      const now = deps.now().getTime()
      const removed = await transact(deps.db, async (tx) => {
        await scheduleForgetting(deps, tx)
        return await removeOldOperations(tx, new Date(now - KEPT_DAYS * DAY_MS))
      })
      deps.log.info('operations.forgotten', { removed })
    },
  }
}

/** Plans the next daily removal; one is pending at any time. */
export async function scheduleForgetting(deps: ServerDeps, tx: ServerDeps['db'] = deps.db): Promise<void> {
  await deps.jobs.add(
    tx,
    NAME,
    {},
    { key: NAME, runAt: new Date(deps.now().getTime() + DAY_MS), keepTime: true },
  )
}

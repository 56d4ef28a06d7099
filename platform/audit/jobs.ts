import type { ServerDeps } from '#runtime/server/handler.ts'
import type { JobHandler } from '#runtime/server/jobs.ts'
import { transact } from '#runtime/server/transact.ts'
import { forgetActs } from './store.ts'

const DAY_MS = 86_400_000
const NAME = 'audit.forget'

/** Jobs of the audit log. */
export function auditJobs(deps: ServerDeps): Record<string, JobHandler> {
  return {
    [NAME]: async () => {
      const removed = await transact(deps.db, async (tx) => {
        await scheduleAuditForgetting(deps, tx)
        return await forgetActs(tx, deps.now())
      })
      deps.log.info('audit.forgotten', { removed })
    },
  }
}

/** Plans the next daily removal; one is pending at any time. */
export async function scheduleAuditForgetting(
  deps: ServerDeps,
  tx: ServerDeps['db'] = deps.db,
): Promise<void> {
  const runAt = new Date(deps.now().getTime() + DAY_MS)
  await deps.jobs.add(tx, NAME, {}, { key: NAME, runAt, keepTime: true })
}

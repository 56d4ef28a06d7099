import { ACCOUNT_LIMITS } from '#contract/accounts.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import type { JobHandlers } from '#runtime/server/jobs.ts'
import { sweepAccounts } from './store.ts'

const NAME = 'accounts.sweep'
const HOUR_MS = 60 * 60 * 1000
const EXPIRED_KEPT_MS = 30 * 24 * HOUR_MS

/** Jobs of the accounts capability: an hourly sweep of what no longer counts. */
export function accountJobs(deps: ServerDeps): JobHandlers {
  return {
    [NAME]: async () => {
      const now = deps.now().getTime()
      await sweepAccounts(deps.db, {
        failedBefore: new Date(now - ACCOUNT_LIMITS.loginWindowS * 1000),
        tokensExpiredBefore: new Date(now - EXPIRED_KEPT_MS),
        sessionsExpiredBefore: new Date(now),
      })
      await scheduleAccountSweep(deps)
    },
  }
}

/** Plans the next sweep; one is pending at any time. */
export async function scheduleAccountSweep({ db, jobs, now }: ServerDeps): Promise<void> {
  await jobs.add(db, NAME, {}, { key: NAME, runAt: new Date(now().getTime() + HOUR_MS), keepTime: true })
}

import type { HostFigures } from '#contract/agent.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { transact } from '#runtime/server/transact.ts'
import { planSample, STEP_S } from './plan.ts'
import { addTraffic, addUsage, lockKnown, saveKnown } from './store.ts'

/** Rings when new figures were stored. */
export const METRICS_STORED = 'metrics.stored'

/** Stores what a host's counters say; counters that are known already change nothing. */
export async function recordFigures(
  deps: Pick<ServerDeps, 'db'>,
  host: string,
  figures: HostFigures,
): Promise<void> {
  await transact(deps.db, async (tx) => {
    const known = await lockKnown(tx, host)
    if (known?.at === figures.at) return
    const plan = planSample(known, figures)
    await addTraffic(tx, STEP_S, plan.step, plan.traffic)
    await addUsage(tx, STEP_S, plan.step, plan.usage)
    await saveKnown(tx, host, plan.known)
    await notify(tx, METRICS_STORED)
  })
}

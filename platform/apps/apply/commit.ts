import { finishRotation } from '#platform/data/index.ts'
import { publish } from '#platform/workload/index.ts'
import { transact } from '#runtime/server/transact.ts'
import { saveFormation, updateApp } from '../app-store.ts'
import { findRelease, serveRelease, settleNext } from '../release-store.ts'
import type { StepContext } from '../step-context.ts'
import type { Step } from '../steps.ts'

/** Makes what now serves the app's present state, all of it in one transaction. */
export async function applyCommit(
  step: Extract<Step, { kind: 'commit' }>,
  { deps, operation }: StepContext,
): Promise<void> {
  const appId = operation.app_id
  await transact(deps.db, async (tx) => {
    const release = await findRelease(tx, appId, step.release)
    await settleNext(tx, appId, step.release)
    await serveRelease(tx, appId, step.release)
    await updateApp(tx, appId, {
      release: step.release,
      epoch: step.epoch,
      config_sealed: release?.config_sealed ?? null,
    })
    await saveFormation(tx, appId, step.formation)
    if (step.rotation !== null) await finishRotation(deps, tx, appId, step.rotation)
    // Images that can no longer be rolled back to are given up.
    await publish(tx)
  })
}

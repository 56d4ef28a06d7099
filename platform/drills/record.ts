import type { DrillResult } from '#contract/drill-result.ts'
import type { DrillRun } from '#contract/drills.ts'
import type { DrillRunId } from '#contract/ids.ts'
import { recordEvidence } from '#platform/trust/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { evidenceOfDrill } from './evidence-of-drill.ts'
import { insertRun, removeOldRuns } from './store.ts'

const KEPT_DAYS = 90
const DAY_MS = 86_400_000

/**
 * Keeps a drill's result with all that it handed in, and as evidence. Whoever heard no answer may hand it in again: a run
 * that is known already stays as it is.
 */
export async function recordDrill(deps: ServerDeps, result: DrillResult): Promise<DrillRun> {
  const now = deps.now()
  const evidence = evidenceOfDrill(result, now)
  return await transact(deps.db, async (tx) => {
    const { run, isNew } = await insertRun(tx, randomId<DrillRunId>('run'), result)
    if (isNew) {
      await removeOldRuns(tx, result.drill, new Date(now.getTime() - KEPT_DAYS * DAY_MS))
      await recordEvidence(tx, evidence)
    }
    return run
  })
}

import { z } from 'zod'
import { parseWith } from '#contract/errors.ts'
import { OperationId } from '#contract/ids.ts'
import { unfinishedOperations } from '#platform/operations/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import type { JobHandler } from '#runtime/server/jobs.ts'
import { transact } from '#runtime/server/transact.ts'
import { OPERATION_JOB, operationJobOptions } from './operation-job.ts'
import { runOperation } from './run-operation.ts'
import { SWEEP_JOB, scheduleSweep, sweepApps } from './sweep.ts'

const Payload = z.strictObject({ operationId: OperationId })

/** Jobs of the apps capability. */
export function appJobs(deps: ServerDeps): Record<string, JobHandler> {
  return {
    [OPERATION_JOB]: async (payload, signal) => {
      await runOperation(deps, parseWith(Payload, payload).operationId, signal)
    },
    [SWEEP_JOB]: async () => {
      await sweepApps(deps)
      await scheduleSweep(deps)
    },
  }
}

/** Makes sure that every operation that has not ended has a job: at the start of the control plane. */
export async function resumeOperations(deps: ServerDeps): Promise<void> {
  await transact(deps.db, async (tx) => {
    for (const { id, appId } of await unfinishedOperations(tx))
      await deps.jobs.add(tx, OPERATION_JOB, { operationId: id }, operationJobOptions(id, appId))
  })
}

import { z } from 'zod'
import { parseWith } from '#contract/errors.ts'
import { OperationId } from '#contract/ids.ts'
import { activeOperation, PLATFORM } from '#platform/operations/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { hurryJobs, type JobHandler, type JobOptions } from '#runtime/server/jobs.ts'
import { transact } from '#runtime/server/transact.ts'
import { runRoll } from './run-roll.ts'

/** The one job of this capability; its payload is the operation's id and nothing else. */
export const ROLL_JOB = 'stacks.roll'
const HURRY_MS = 15_000

const Payload = z.strictObject({ operationId: OperationId })

export const rollJobOptions = (operationId: string): JobOptions => ({
  queue: ROLL_JOB,
  key: `${ROLL_JOB}:${operationId}`,
  maxAttempts: 25,
})

/** Jobs of the stacks capability. */
export const stackJobs = (deps: ServerDeps): Record<string, JobHandler> => ({
  [ROLL_JOB]: async (payload, signal) => {
    await runRoll(deps, parseWith(Payload, payload).operationId, signal)
  },
})

/** Takes up a roll that an earlier control plane left. */
export async function stackLoop(deps: ServerDeps): Promise<{ stop(): Promise<void> }> {
  await transact(deps.db, async (tx) => {
    const roll = await activeOperation(tx, PLATFORM.appId)
    if (roll !== undefined)
      await deps.jobs.add(tx, ROLL_JOB, { operationId: roll.id }, rollJobOptions(roll.id))
  })
  const hurrying = setInterval(() => {
    hurryJobs(deps.db, ROLL_JOB).catch((error: unknown) => deps.log.warn('stacks.hurry_failed', { error }))
  }, HURRY_MS)
  return { stop: async () => clearInterval(hurrying) }
}

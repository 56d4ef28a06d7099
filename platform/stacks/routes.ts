import { MaruError } from '#contract/errors.ts'
import type { OperationId } from '#contract/ids.ts'
import type { Operation } from '#contract/operations.ts'
import type { stackRoutes } from '#contract/stacks.ts'
import { listServingReleases } from '#platform/apps/index.ts'
import { activeOperation, findRepeated, insertOperation, PLATFORM } from '#platform/operations/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { keyHash } from '#runtime/server/idempotency.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { loadStacks } from './host-stacks.ts'
import { ROLL_JOB, rollJobOptions } from './jobs.ts'
import { isStacks, judgeStandings, planRoll, type RollApp, renderRoll, viewStacks } from './plan.ts'
import { lockRolls } from './store.ts'

/** Handlers of the stacks routes. */
export const stackHandlers: Handlers<typeof stackRoutes> = {
  list: async (_call, deps) => {
    const [apps, stacks] = await Promise.all([listServingReleases(deps), loadStacks(deps)])
    const roll = await read(() => activeOperation(deps.db, PLATFORM.appId))
    return { stacks: viewStacks(stacks), apps: judgeStandings(apps, stacks), roll: roll ?? null }
  },
  roll: async ({ principal, keyed }, deps) => {
    const [apps, stacks] = await Promise.all([listServingReleases(deps), loadStacks(deps)])
    const plan = planRoll(apps, stacks)
    const operation = await startRoll(deps, plan, principal.name, keyHash(keyed))
    const stay = judgeStandings(apps, stacks).filter(
      ({ state, builtOn }) => state !== 'own' && !isStacks(stacks.of(builtOn)),
    )
    return { operation, stay }
  },
}

/** Operation and job exist together or not at all. Null: there is nothing to move. */
async function startRoll(
  deps: ServerDeps,
  apps: readonly RollApp[],
  createdBy: string,
  requestKey: string | undefined,
): Promise<Operation | null> {
  return await transact(deps.db, async (tx) => {
    await lockRolls(tx)
    const before = await findRepeated(tx, PLATFORM.appId, requestKey)
    if (before !== undefined) return before
    const other = await activeOperation(tx, PLATFORM.appId)
    if (other !== undefined) throw new MaruError('stacks.rolling', { operation: other.id })
    if (apps.length === 0) return null
    const id = randomId<OperationId>('op')
    const operation = await insertOperation(tx, {
      id,
      kind: 'stack-roll',
      ...PLATFORM,
      plan: renderRoll(apps),
      steps: apps,
      release: null,
      finalStep: null,
      createdBy,
      requestKey,
    })
    await deps.jobs.add(tx, ROLL_JOB, { operationId: id }, rollJobOptions(id))
    return operation
  })
}

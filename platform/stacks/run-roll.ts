import { MaruError } from '#contract/errors.ts'
import type { HostName } from '#contract/ids.ts'
import type { Operation, OperationEvent } from '#contract/operations.ts'
import { STACK_LIMITS } from '#contract/stacks.ts'
import { listServingReleases, startStack } from '#platform/apps/index.ts'
import {
  addEvents,
  beginStep,
  beginUndo,
  findProgress,
  finishOperation,
  followEvents,
  type Progress,
} from '#platform/operations/index.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transactRepeatable } from '#runtime/server/transact.ts'
import { loadStacks } from './host-stacks.ts'
import { canMove, type RollApp } from './plan.ts'
import { listOutcomes, saveOutcome } from './store.ts'

interface Run {
  readonly deps: ServerDeps
  readonly operation: Progress
  readonly signal: AbortSignal
}

interface Ended {
  readonly moved: boolean
  readonly detail: string
}

const BUSY_LOOK_MS = 1_000

/**
 * Carries a roll out from wherever it stands. Each app has an operation of its own, started under a key that names the
 * roll: begun again after an interruption, the roll finds it instead of making another. Throwing means: run it again.
 */
export async function runRoll(deps: ServerDeps, id: string, signal: AbortSignal): Promise<void> {
  const operation = await read(() => findProgress(deps.db, id))
  if (operation === undefined || operation.finished_at !== null) return
  const run = { deps, operation, signal }
  const apps = operation.steps as readonly RollApp[]
  const text = `Put ${counted(apps.length, 'app')} on the newest stack`
  await transactRepeatable(deps.db, (tx) => beginStep(tx, operation, 0, { type: 'step', step: 'roll', text }))
  const known = new Set((await read(() => listOutcomes(deps.db, id))).map(({ app_id }) => app_id))
  const waiting = apps.filter(({ appId }) => !known.has(appId))
  const lane = async () => {
    for (let app = waiting.shift(); app !== undefined; app = waiting.shift()) await rollApp(run, app)
  }
  await allOrThrow(Array.from({ length: STACK_LIMITS.rollAtOnce }, lane))
  await finish(run, apps)
}

/** No lane goes on behind an error: the job that comes next would meet it. */
async function allOrThrow(lanes: ReadonlyArray<Promise<void>>): Promise<void> {
  const ended = await Promise.allSettled(lanes)
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

async function rollApp(run: Run, app: RollApp): Promise<void> {
  const { deps, operation } = run
  const { moved, detail } = await moveApp(run, app)
  const line = `${app.app}: ${moved ? detail : `stays on the stack before. ${detail}`}`
  await transactRepeatable(deps.db, async (tx) => {
    const row = { operation_id: operation.id, app_id: app.appId, app: app.app, moved, detail }
    if (await saveOutcome(tx, row)) await addEvents(tx, operation.id, [{ type: 'log', source: 'roll', line }])
  })
}

async function moveApp(run: Run, app: RollApp): Promise<Ended> {
  try {
    const own = await startWhenFree(run, app)
    if (own === null) return { moved: true, detail: 'stood on it already' }
    const last = await lastEvent(run, own)
    if (last?.type === 'failed') return { moved: false, detail: last.error.message }
    return { moved: true, detail: `v${app.release} stands on the newest stack` }
  } catch (error) {
    if (run.signal.aborted || !(error instanceof MaruError) || error.code === 'database_unavailable')
      throw error
    if (error.code === 'apps.not_found') return { moved: true, detail: 'was destroyed meanwhile' }
    return { moved: false, detail: error.message }
  }
}

/** A deploy that is under way ends first; what it makes stands on the newest stack anyway. */
async function startWhenFree({ deps, operation, signal }: Run, app: RollApp): Promise<Operation | null> {
  const giveUpAt = deps.now().getTime() + STACK_LIMITS.rollBusyS * 1000
  for (;;) {
    signal.throwIfAborted()
    try {
      const stacks = await loadStacks(deps, await builderOf(deps, app))
      return await startStack(deps, {
        appId: app.appId,
        appName: app.app,
        createdBy: operation.created_by,
        requestKey: `${operation.id}:${app.appId}`,
        isBehind: (release) => {
          const told = stacks.of(release.builtOn)
          if (told === 'silent') throw new MaruError('unreachable', { what: `The host ${release.builtOn}` })
          if (told === 'gone')
            throw new MaruError('stacks.code_gone', { app: app.app, host: release.builtOn })
          return canMove(release, told)
        },
      })
    } catch (error) {
      const mayWait =
        error instanceof MaruError && (error.code === 'apps.busy' || error.code === 'unreachable')
      if (!mayWait || deps.now().getTime() > giveUpAt) throw error
      await pause(BUSY_LOOK_MS, signal)
    }
  }
}

/** Only the host that built it is asked: another that hangs holds nobody up. */
async function builderOf(deps: ServerDeps, { appId }: RollApp): Promise<ReadonlySet<HostName>> {
  const serving = await listServingReleases(deps)
  return new Set(serving.filter((one) => one.appId === appId).map(({ builtOn }) => builtOn))
}

async function lastEvent({ deps, signal }: Run, { id }: Operation): Promise<OperationEvent | undefined> {
  let last: OperationEvent | undefined
  for await (const { data } of followEvents(deps, id, 0, signal)) last = data
  signal.throwIfAborted()
  return last
}

async function finish({ deps, operation }: Run, apps: readonly RollApp[]): Promise<void> {
  const stayed = (await read(() => listOutcomes(deps.db, operation.id))).filter(({ moved }) => !moved)
  const error = new MaruError('stacks.roll_incomplete', {
    count: stayed.length,
    all: apps.length,
    apps: stayed.map(({ app }) => app).join(', '),
  })
  const { id } = operation
  const done = {
    text: `${counted(apps.length, 'app')} moved onto the newest stack`,
    url: null,
    release: null,
  }
  await transactRepeatable(deps.db, async (tx) => {
    if (stayed.length === 0) return await finishOperation(tx, id, { type: 'done', ...done })
    const shown = error.toBody().error
    await beginUndo(tx, id, shown)
    await finishOperation(tx, id, { type: 'failed', error: shown })
  })
}

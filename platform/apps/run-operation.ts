import { MaruError } from '#contract/errors.ts'
import { urlOf } from '#contract/installation.ts'
import {
  beginStep,
  beginUndo,
  findProgress,
  finishOperation,
  type LogLines,
  moveTo,
  openLogLines,
  type Progress,
} from '#platform/operations/index.ts'
import { isConnectionError } from '#runtime/server/database-errors.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transactRepeatable } from '#runtime/server/transact.ts'
import { applyStep, undoStep } from './apply/apply-step.ts'
import { watchCancel } from './cancel-watch.ts'
import { setReleaseState } from './release-store.ts'
import type { StepContext } from './step-context.ts'
import { describeStep, type Step } from './steps.ts'

interface Run {
  readonly deps: ServerDeps
  readonly operation: Progress
  readonly steps: readonly Step[]
  readonly signal: AbortSignal
  readonly lines: LogLines
}

/**
 * Carries an operation out from wherever it stands: forward, or back when a step has failed. Its progress is in the
 * database, so that any control plane can go on at any point. Throwing means: not over, run it again later.
 */
export async function runOperation(deps: ServerDeps, id: string, signal: AbortSignal): Promise<void> {
  const operation = await read(() => findProgress(deps.db, id))
  if (operation === undefined || operation.finished_at !== null) return
  const steps = operation.steps as readonly Step[]
  const run: Run = { deps, operation, steps, signal, lines: await openLogLines(deps, id) }
  if (!operation.undoing) {
    const over = await goForward(run)
    if (over) return
  }
  await goBack(run)
}

/** True when the operation is done; false when it has to go back. */
async function goForward(run: Run): Promise<boolean> {
  const { deps, operation, steps } = run
  const cancel = watchCancel(deps, operation.id, run.signal)
  let index = operation.step_index
  try {
    for (; index < steps.length; index += 1) await carryOut({ ...run, signal: cancel.signal }, index)
  } catch (thrown) {
    if (mustRunAgain(run, index, thrown)) throw thrown
    const error = cancel.error() ?? thrown
    deps.log.warn('apps.step_failed', { operationId: operation.id, step: steps[index]?.kind, error })
    await transactRepeatable(deps.db, (tx) =>
      beginUndo(tx, operation.id, asMaruError(error, operation).toBody().error),
    )
    return false
  } finally {
    cancel.stop()
  }
  await transactRepeatable(deps.db, (tx) => finishOperation(tx, operation.id, doneEvent(run)))
  return true
}

async function carryOut(run: Run, index: number): Promise<void> {
  const { deps, operation, lines, signal } = run
  const step = stepAt(run, index)
  signal.throwIfAborted()
  const text = describeStep(step)
  let isNew = false
  // What an attempt began whose COMMIT was not answered, the next one finds begun: it is still this run that began it.
  await transactRepeatable(deps.db, async (tx) => {
    if (await beginStep(tx, operation, index, { type: 'step', step: step.kind, text })) isNew = true
  })
  const begunAt = (isNew ? null : operation.step_begun_at) ?? deps.now()
  try {
    await applyStep(step, contextOf(run, { resumed: !isNew, begunAt }))
  } finally {
    await lines.close()
  }
  await transactRepeatable(deps.db, (tx) => moveTo(tx, operation.id, index + 1))
}

/**
 * The control plane stops, or its database is away: nothing is decided yet. Behind the point of no return, and when
 * an app is destroyed, there is no way back, so it is tried until it works.
 */
function mustRunAgain(run: Run, index: number, error: unknown): boolean {
  if (run.signal.aborted) return true
  if (error instanceof MaruError ? error.code === 'database_unavailable' : isConnectionError(error))
    return true
  const committed = run.steps.slice(0, index).some(({ kind }) => kind === 'commit')
  return committed || run.operation.kind === 'destroy'
}

async function goBack(run: Run): Promise<void> {
  const { deps, operation } = run
  const from = (await read(() => findProgress(deps.db, operation.id)))?.step_index ?? 0
  for (let index = from; index >= 0; index -= 1) {
    run.signal.throwIfAborted()
    await undoStep(stepAt(run, index), contextOf(run, { resumed: true, begunAt: deps.now() }))
    await transactRepeatable(deps.db, (tx) => moveTo(tx, operation.id, Math.max(0, index - 1)))
  }
  await fail(run)
}

async function fail({ deps, operation }: Run): Promise<void> {
  await transactRepeatable(deps.db, async (tx) => {
    const error = (await findProgress(tx, operation.id))?.error
    if (operation.release !== null) await setReleaseState(tx, operation.app_id, operation.release, 'failed')
    const shown = error ?? asMaruError(undefined, operation).toBody().error
    await finishOperation(tx, operation.id, { type: 'failed', error: shown })
  })
}

function contextOf(run: Run, how: Pick<StepContext, 'resumed' | 'begunAt'>): StepContext {
  const { deps, operation, signal, lines } = run
  return { deps, operation, signal, ...how, log: (source, line) => lines.add(source, line) }
}

function stepAt({ steps, operation }: Run, index: number): Step {
  const step = steps[index]
  if (step === undefined) throw new Error(`operation ${operation.id} has no step ${index}`)
  return step
}

/** Errors of the catalogue are for people; anything else is ours, and its details are in the log. */
const asMaruError = (error: unknown, { id }: Progress): MaruError =>
  error instanceof MaruError ? error : new MaruError('internal', { requestId: id }, { cause: error })

function doneEvent({ deps, operation }: Run) {
  const { installation } = deps.config
  const gone = operation.kind === 'destroy'
  const url = gone ? null : urlOf(installation, `${operation.app_name}.${installation.domain}`)
  return { type: 'done' as const, text: describeEnd(operation), url, release: operation.release }
}

function describeEnd({ kind, app_name: app, release }: Progress): string {
  if (kind === 'destroy') return `${app} is gone`
  if (kind === 'stack') return `${app} stands on the newest stack`
  if (kind === 'restart') return `${app} runs on new instances`
  return release === null ? `${app} runs as many instances as asked for` : `${app} v${release} serves`
}

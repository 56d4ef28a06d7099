import { MaruError } from '#contract/errors.ts'
import type { OperationId } from '#contract/ids.ts'
import type { OperationEvent } from '#contract/operations.ts'
import { storableJson } from '#runtime/server/storable-json.ts'
import { announceApp } from './announce.ts'
import { addEvents } from './event-store.ts'
import { type Db, type ErrorOf, operations, type Progress } from './tables.ts'

/** Columns that say which app an operation is about. */
const WHOSE = ['team_id as team', 'app_name as app'] as const

/**
 * Notes that a step begins and announces it. False when it was begun before: then this is a resumption, and
 * nothing is announced twice. Throws `operations.cancelled` where somebody has asked for that before.
 */
export async function beginStep(
  tx: Db,
  progress: Pick<Progress, 'id'>,
  index: number,
  event: OperationEvent,
): Promise<boolean> {
  const begun = await operations(tx)
    .updateTable('operations_operation')
    .set({ state: 'running', step_index: index, step_begun_at: new Date() })
    .where('id', '=', progress.id)
    .where((where) => where.or([where('step_index', '<', index), where('step_begun_at', 'is', null)]))
    .returning([...WHOSE, 'cancelled_by'])
    .executeTakeFirst()
  if (begun === undefined) return false
  if (begun.cancelled_by !== null) throw new MaruError('operations.cancelled', { by: begun.cancelled_by })
  await announceApp(tx, begun)
  await addEvents(tx, progress.id, [event])
  return true
}

/** Notes that a step is complete (going forward) or undone (going back). */
export async function moveTo(tx: Db, id: OperationId, stepIndex: number): Promise<void> {
  await operations(tx)
    .updateTable('operations_operation')
    .set({ step_index: stepIndex, step_begun_at: null })
    .where('id', '=', id)
    .execute()
}

/** From now on the operation goes back; the first error is the one that counts. */
export async function beginUndo(tx: Db, id: OperationId, error: ErrorOf): Promise<void> {
  const begun = await operations(tx)
    .updateTable('operations_operation')
    .set({ undoing: true, state: 'running', error: storableJson(error) })
    .where('id', '=', id)
    .where('undoing', '=', false)
    .returning(WHOSE)
    .executeTakeFirst()
  if (begun !== undefined) await announceApp(tx, begun)
}

/** Ends an operation, with its last event. Ending twice changes nothing. */
export async function finishOperation(
  tx: Db,
  id: OperationId,
  event: Extract<OperationEvent, { type: 'done' | 'failed' }>,
): Promise<void> {
  const ended = await operations(tx)
    .updateTable('operations_operation')
    .set({ state: event.type, finished_at: new Date() })
    .where('id', '=', id)
    .where('state', 'in', ['queued', 'running'])
    .returning(WHOSE)
    .executeTakeFirst()
  if (ended === undefined) return
  await addEvents(tx, id, [event])
  await announceApp(tx, ended)
}

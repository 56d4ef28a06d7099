import { MaruError } from '#contract/errors.ts'
import type { AppName, OperationId } from '#contract/ids.ts'
import type { Operation, OperationKind } from '#contract/operations.ts'
import { announceApp } from './announce.ts'
import { type Db, operations, type Progress } from './tables.ts'

/** Whose an operation is that is about the platform itself: of no app and no team. One is under way at a time. */
export const PLATFORM = { appId: 'platform', app: '' as AppName, teamId: 'platform' } as const

export interface NewOperation {
  readonly id: OperationId
  readonly kind: OperationKind
  readonly appId: string
  readonly app: AppName
  readonly teamId: string
  readonly plan: string
  readonly steps: readonly unknown[]
  readonly release: number | null
  /** From this step on it is not cancelled; null: at no time. */
  readonly finalStep: number | null
  readonly createdBy: string
  /** Says which keyed request this is, see `keyHash`. */
  readonly requestKey?: string | undefined
}

/** Inserts an operation; `apps.busy` while another one of the same app is under way. */
export async function insertOperation(tx: Db, operation: NewOperation): Promise<Operation> {
  await checkFree(tx, operation.appId)
  const row = await operations(tx)
    .insertInto('operations_operation')
    .values({
      id: operation.id,
      kind: operation.kind,
      app_id: operation.appId,
      app_name: operation.app,
      team_id: operation.teamId,
      plan: operation.plan,
      steps: JSON.stringify(operation.steps),
      release: operation.release,
      final_step: operation.finalStep,
      created_by: operation.createdBy,
      request_key: operation.requestKey ?? null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await announceApp(tx, { team: operation.teamId, app: operation.app })
  return toOperation(row)
}

/** The operation that the same keyed request has started before. */
export async function findRepeated(
  db: Db,
  appId: string,
  requestKey: string | undefined,
): Promise<Operation | undefined> {
  if (requestKey === undefined) return undefined
  const row = await operations(db)
    .selectFrom('operations_operation')
    .selectAll()
    .where('app_id', '=', appId)
    .where('request_key', '=', requestKey)
    .executeTakeFirst()
  return row === undefined ? undefined : toOperation(row)
}

/** Throws `apps.busy` while an operation of the app is under way. Hold the app's row lock: then the answer stays true. */
export async function checkFree(tx: Db, appId: string): Promise<void> {
  const other = await activeOperation(tx, appId)
  if (other !== undefined)
    throw new MaruError('apps.busy', {
      kind: other.kind,
      app: other.app ?? 'the platform',
      operation: other.id,
      next: howToGetOn(other),
    })
}

const howToGetOn = ({ id, cancellable }: Operation) =>
  cancellable
    ? `Wait for it (\`maru operation ${id}\`) or cancel it (\`maru cancel ${id}\`), and try again.`
    : `Wait for it (\`maru operation ${id}\`) and try again.`

/** The operation of an app that is under way. */
export async function activeOperation(db: Db, appId: string): Promise<Operation | undefined> {
  const row = await operations(db)
    .selectFrom('operations_operation')
    .selectAll()
    .where('app_id', '=', appId)
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirst()
  return row === undefined ? undefined : toOperation(row)
}

/** The newest operation of each app, by app id. */
export async function latestOperations(db: Db, appIds: readonly string[]): Promise<Map<string, Operation>> {
  if (appIds.length === 0) return new Map()
  const rows = await operations(db)
    .selectFrom('operations_operation')
    .distinctOn('app_id')
    .selectAll()
    .where('app_id', 'in', appIds)
    .orderBy('app_id')
    .orderBy('created_at', 'desc')
    .execute()
  return new Map(rows.map((row) => [row.app_id, toOperation(row)]))
}

/** The latest operations of an app, newest first. */
export async function listOperations(db: Db, appId: string, limit = 50): Promise<Operation[]> {
  const rows = await operations(db)
    .selectFrom('operations_operation')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('created_at', 'desc')
    .limit(limit)
    .execute()
  return rows.map(toOperation)
}

/** Everything about an operation, its progress included. */
export async function findProgress(db: Db, id: string): Promise<Progress | undefined> {
  return await operations(db)
    .selectFrom('operations_operation')
    .selectAll()
    .where('id', '=', id as OperationId)
    .executeTakeFirst()
}

/** One operation; `operations.not_found` where there is none. */
export async function getOperation(db: Db, id: string): Promise<Operation> {
  const row = await findProgress(db, id)
  if (row === undefined) throw new MaruError('operations.not_found', { operation: id })
  return toOperation(row)
}

/** The team that owns an operation, also after its app is gone. */
export async function teamOfOperation(db: Db, id: string): Promise<string | undefined> {
  return (await findProgress(db, id))?.team_id
}

/** Ids of the operations that have not ended, oldest first. */
export async function unfinishedOperations(db: Db): Promise<Array<{ id: OperationId; appId: string }>> {
  return await operations(db)
    .selectFrom('operations_operation')
    .select(['id', 'app_id as appId'])
    .where('app_id', '<>', PLATFORM.appId)
    .where('state', 'in', ['queued', 'running'])
    .orderBy('created_at')
    .execute()
}

/**
 * Asks to cancel an operation, as `by`; whoever carries it out takes back what it did. Throws `operations.too_late` where it has
 * ended, or where its final step was begun.
 */
export async function cancelOperation(tx: Db, id: string, by: string): Promise<Operation> {
  const row = await operations(tx)
    .selectFrom('operations_operation')
    .selectAll()
    .where('id', '=', id as OperationId)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new MaruError('operations.not_found', { operation: id })
  if (row.cancelled_by !== null) return toOperation(row)
  const reason = tooLate(row)
  if (reason !== undefined)
    throw new MaruError('operations.too_late', { kind: row.kind, operation: id, reason })
  const cancelled = await operations(tx)
    .updateTable('operations_operation')
    .set({ cancelled_by: by })
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  await announceApp(tx, { team: row.team_id, app: row.app_name })
  return toOperation(cancelled)
}

/** Why an operation is not cancelled. */
function tooLate(row: Progress): string | undefined {
  if (row.finished_at !== null) return 'it has ended'
  if (row.undoing) return 'it has failed and is being taken back'
  if (row.final_step === null) return 'what it does cannot be taken back'
  const isFinal =
    row.step_index > row.final_step || (row.step_index === row.final_step && row.step_begun_at !== null)
  return isFinal ? 'what it brings serves already' : undefined
}

/** Removes what ended before `before`. */
export async function removeOldOperations(db: Db, before: Date): Promise<number> {
  const result = await operations(db)
    .deleteFrom('operations_operation')
    .where('finished_at', '<', before)
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

function toOperation(row: Progress): Operation {
  return {
    id: row.id,
    kind: row.kind,
    app: row.app_name === PLATFORM.app ? null : row.app_name,
    state: row.state,
    plan: row.plan,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    createdBy: row.created_by,
    release: row.release,
    error: row.state === 'failed' ? row.error : null,
    cancellable: row.cancelled_by === null && tooLate(row) === undefined,
    cancelledBy: row.cancelled_by,
  }
}

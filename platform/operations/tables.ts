import type { ColumnType, Generated, Selectable } from 'kysely'
import type { ErrorBody } from '#contract/errors.ts'
import type { AppName, OperationId } from '#contract/ids.ts'
import type { OperationEvent, OperationKind, OperationState } from '#contract/operations.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']
type Json<T> = ColumnType<T, string, string>
export type ErrorOf = ErrorBody['error']

interface OperationTable {
  id: OperationId
  kind: OperationKind
  app_id: string
  app_name: AppName
  team_id: string
  state: Generated<OperationState>
  plan: string
  steps: Json<readonly unknown[]>
  step_index: Generated<number>
  step_begun_at: Date | null
  undoing: Generated<boolean>
  error: Json<ErrorOf> | null
  release: number | null
  created_by: string
  created_at: Generated<Date>
  finished_at: Date | null
  last_event: Generated<number>
  log_lines: Generated<number>
  request_key: string | null
  final_step: number | null
  cancelled_by: string | null
}
type Tables = {
  operations_operation: OperationTable
  operations_event: { operation_id: string; number: number; event: Json<OperationEvent> }
}

/** An operation as its job sees it: what to do, and how far it came. */
export type Progress = Selectable<OperationTable>

/** The tables of this capability. */
export const operations = (db: Db) => db.withTables<Tables>()

import type { OperationEvent } from '#contract/operations.ts'
import type { Progress } from '#platform/operations/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** What a step gets beside its own data. */
export interface StepContext {
  readonly deps: ServerDeps
  readonly operation: Pick<Progress, 'id' | 'app_id' | 'app_name' | 'release'>
  /** Aborted when the control plane stops: the step ends by throwing, and is begun again later. */
  readonly signal: AbortSignal
  /** The step was begun before, by a control plane that did not finish it. */
  readonly resumed: boolean
  readonly begunAt: Date
  /** Adds a line to the operation's log. */
  log(source: Extract<OperationEvent, { type: 'log' }>['source'], line: string): Promise<void>
}

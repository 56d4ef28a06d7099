import { MaruError } from '#contract/errors.ts'
import type { OperationId } from '#contract/ids.ts'
import { findProgress } from '#platform/operations/index.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'

/** How soon a step that takes long hears of it; the next one does not begin at all. */
const LOOK_MS = 1000

/** What stops an operation that goes forward. */
export interface CancelWatch {
  /** Aborted when `signal` is, or when somebody cancels. */
  readonly signal: AbortSignal
  /** `operations.cancelled`, once somebody has. */
  error(): MaruError | undefined
  stop(): void
}

/** Looks whether somebody asks to cancel an operation, which can have been at another control plane. */
export function watchCancel(deps: ServerDeps, id: OperationId, signal: AbortSignal): CancelWatch {
  const [cancel, over] = [new AbortController(), new AbortController()]
  const watch = async () => {
    const rest = () => pause(LOOK_MS, over.signal)
    for (await rest(); !over.signal.aborted; await rest()) {
      // A database that is away is the next step's matter.
      const found = await read(() => findProgress(deps.db, id)).catch(() => undefined)
      const by = found?.cancelled_by
      if (by != null) return cancel.abort(new MaruError('operations.cancelled', { by }))
    }
  }
  void watch()
  return {
    signal: AbortSignal.any([signal, cancel.signal]),
    error: () => cancel.signal.reason as MaruError | undefined,
    stop: () => over.abort(),
  }
}

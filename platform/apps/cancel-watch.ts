import { MaruError } from '#contract/errors.ts'
import type { OperationId } from '#contract/ids.ts'
import { cancelledBy } from '#platform/operations/index.ts'
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
  const cancel = new AbortController()
  let error: MaruError | undefined
  let looking = false
  const look = async () => {
    const by = await read(() => cancelledBy(deps.db, id))
    if (by === null) return
    error ??= new MaruError('operations.cancelled', { by })
    cancel.abort(error)
  }
  const timer = setInterval(() => {
    if (looking || error !== undefined) return
    looking = true
    // A database that is away is the next step's matter.
    look()
      .catch(() => {})
      .finally(() => {
        looking = false
      })
  }, LOOK_MS)
  return {
    signal: AbortSignal.any([signal, cancel.signal]),
    error: () => error,
    stop: () => clearInterval(timer),
  }
}

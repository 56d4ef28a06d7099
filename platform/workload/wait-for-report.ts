import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { type HostReports, loadReports, REPORTED } from './store.ts'

/** A notification can be lost with the connection that carried it. */
const LOOK_AGAIN_MS = 1_000

/**
 * Waits until the hosts' reports make `judge` answer something, and gives that. Undefined when the deadline passes.
 * `judge` may throw to end the wait as a failure. It is asked at least once, however late it is.
 */
export async function waitForReports<T>(
  deps: Pick<ServerDeps, 'db' | 'hub' | 'now'>,
  judge: (reports: HostReports) => Promise<T | undefined> | T | undefined,
  deadline: Date,
  signal: AbortSignal,
): Promise<T | undefined> {
  const bell = deps.hub.bell(REPORTED)
  try {
    for (;;) {
      signal.throwIfAborted()
      const verdict = await judge(await read(() => loadReports(deps.db)))
      if (verdict !== undefined) return verdict
      const leftMs = deadline.getTime() - deps.now().getTime()
      if (leftMs <= 0) return undefined
      await bell.wait(Math.min(leftMs, LOOK_AGAIN_MS), signal)
    }
  } finally {
    bell.close()
  }
}

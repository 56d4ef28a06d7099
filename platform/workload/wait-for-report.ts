import type { HostReport } from '#contract/agent.ts'
import type { HostName } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { latestReport, REPORTED } from './store.ts'

/** A notification can be lost with the connection that carried it. */
const LOOK_AGAIN_MS = 1_000

/**
 * Waits until a report of `host` makes `judge` answer something, and gives that. Undefined when the deadline passes.
 * `judge` may throw to end the wait as a failure. It is asked at least once, however late it is.
 */
export async function waitForReport<T>(
  deps: Pick<ServerDeps, 'db' | 'hub' | 'now'>,
  host: HostName,
  judge: (report: HostReport) => T | undefined,
  deadline: Date,
  signal: AbortSignal,
): Promise<T | undefined> {
  const bell = deps.hub.bell(REPORTED)
  try {
    for (;;) {
      signal.throwIfAborted()
      const received = await read(() => latestReport(deps.db, host))
      const verdict = received === undefined ? undefined : judge(received.report)
      if (verdict !== undefined) return verdict
      const leftMs = deadline.getTime() - deps.now().getTime()
      if (leftMs <= 0) return undefined
      await bell.wait(Math.min(leftMs, LOOK_AGAIN_MS), signal)
    }
  } finally {
    bell.close()
  }
}

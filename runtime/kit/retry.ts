import { MaruError } from '#contract/errors.ts'
import { pause } from './pause.ts'

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 2000

/** Whether the same request may succeed a little later: no connection, or a part that fails over by itself. */
export const isPassing = (error: unknown): error is MaruError =>
  error instanceof MaruError && error.status === 503

/** Pauses between attempts: doubling, never longer than two seconds, with a spread so that clients don't march in step. */
export function pauseMs(attempt: number, random = Math.random()): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt) * (0.75 + random / 2)
}

/** Tries again while the failure is of the passing kind and the time is not over. */
export async function retrying<T>(
  attempt: () => Promise<T>,
  options: {
    readonly forMs: number
    readonly signal?: AbortSignal | undefined
    onRetry?(error: MaruError): void
  },
): Promise<T> {
  const until = Date.now() + options.forMs
  for (let count = 0; ; count += 1) {
    try {
      return await attempt()
    } catch (error) {
      const ms = pauseMs(count)
      if (!isPassing(error) || Date.now() + ms > until) throw error
      options.onRetry?.(error)
      await pause(ms, options.signal)
      options.signal?.throwIfAborted()
    }
  }
}

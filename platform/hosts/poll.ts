import { setTimeout as sleep } from 'node:timers/promises'
import { MaruError } from '#contract/errors.ts'

export interface PollRequest {
  /** What is waited for, as the step of an error. */
  readonly what: string
  readonly timeoutMs: number
  readonly everyMs?: number
  /** Where to look when it does not come. */
  readonly log: string
}

/** Asks again and again until `ask` gives a value; its errors count as "not yet", the last one is the cause at the end. */
export async function pollUntil<T>(request: PollRequest, ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + request.timeoutMs
  let last: unknown
  while (performance.now() < end) {
    try {
      const value = await ask()
      if (value !== undefined) return value
    } catch (error) {
      last = error
    }
    await sleep(request.everyMs ?? 200)
  }
  const reason = last instanceof Error ? last.message : `not ready after ${request.timeoutMs / 1000} s`
  throw new MaruError('hosts.step_failed', { step: request.what, reason, log: request.log }, { cause: last })
}

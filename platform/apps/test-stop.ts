import assert from 'node:assert/strict'
import { mock } from 'node:test'

/** A control plane that stops at exactly one point of what it carries out. */
export interface Stop {
  readonly signal: AbortSignal
  stopped(): boolean
  /** What is done until then. */
  until<T>(work: () => Promise<T>): Promise<T>
}

/** Stops when it is asked for the time after `checks`; those count, too, that ask a signal made from its own. */
function stopAfter(checks: number): Stop {
  const controller = new AbortController()
  const { throwIfAborted } = AbortSignal.prototype
  let asked = 0
  function count(this: AbortSignal) {
    asked += 1
    if (asked > checks) controller.abort(new Error('stopped by the test'))
    throwIfAborted.call(this)
  }
  return {
    signal: controller.signal,
    stopped: () => controller.signal.aborted,
    until: async (work) => {
      const counting = mock.method(AbortSignal.prototype, 'throwIfAborted', count)
      try {
        return await work()
      } finally {
        counting.mock.restore()
      }
    },
  }
}

/** Runs `each` with a control plane that stops at its first checkpoint, then at its second, until it is never stopped. */
export async function atEveryStop(each: (stop: Stop) => Promise<void>): Promise<void> {
  for (let checks = 0; ; checks += 1) {
    const stop = stopAfter(checks)
    await each(stop)
    if (stop.stopped()) continue
    assert.ok(checks > 5, 'every step was stopped at')
    return
  }
}

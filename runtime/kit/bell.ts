import { pause } from './pause.ts'

/** Wakes all who wait for something to happen. */
export interface Bell {
  ring(): void
  /** Waits until it rings, so long at most, or until the signal. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/** A bell for the parts of one program. */
export function makeBell(): Bell {
  const waiting = new Set<AbortController>()
  return {
    ring: () => {
      for (const one of waiting) one.abort()
    },
    wait: async (ms, signal) => {
      const over = new AbortController()
      waiting.add(over)
      await pause(ms, AbortSignal.any([over.signal, signal]))
      waiting.delete(over)
    },
  }
}

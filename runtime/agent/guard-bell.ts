import { pause } from '#runtime/kit/pause.ts'

/** Wakes everyone who waits: the passes of the guard, and who has asked for its report. */
export interface Bell {
  ring(): void
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/** A bell that nobody waits for yet. */
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

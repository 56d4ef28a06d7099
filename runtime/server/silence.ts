/** What a look at the running control planes found of one of them. */
export interface SeenProcess {
  readonly id: string
  readonly beat: number
}

/** For so long a process must not have moved before another one replaces it. */
export const SILENT_MS = 5_000
/** Who has not looked for so long knows nothing about the time between: it or the database was away. */
const BLIND_MS = 2_500

export interface Watch {
  /** Ids of those that have been silent for too long. `nowMs` is of a clock that never jumps. */
  look(seen: readonly SeenProcess[], nowMs: number): string[]
}

/**
 * Finds out who is silent by its own clock alone: no two clocks are compared. Silence counts only while it was watched, so
 * a database that is away for all of them makes nobody look dead.
 */
export function makeWatch(): Watch {
  let known = new Map<string, { beat: number; sinceMs: number }>()
  let lookedMs = Number.NEGATIVE_INFINITY
  return {
    look(seen, nowMs) {
      const before = nowMs - lookedMs > BLIND_MS ? new Map<string, never>() : known
      lookedMs = nowMs
      known = new Map(
        seen.map(({ id, beat }) => {
          const last = before.get(id)
          return [id, last?.beat === beat ? last : { beat, sinceMs: nowMs }]
        }),
      )
      return [...known].filter(([, { sinceMs }]) => nowMs - sinceMs >= SILENT_MS).map(([id]) => id)
    },
  }
}

import { isOther } from './rule-set.ts'

/** A rule that speaks up about more sources than that within a day speaks of ordinary traffic. */
export const SOURCES_MOST = 20
const DAY_MS = 86_400_000

/** Which rules of others are heard. Those of the platform are shown to be silent for ordinary traffic, and always are. */
export interface Hearing {
  isHeard(sid: number, source: string, now: number): boolean
  /** Numbers of those that are not. */
  silenced(): string[]
}

/** Begins with all of them. */
export function makeHearing(): Hearing {
  let since: number | undefined
  const sources = new Map<number, Set<string>>()
  const silenced = new Set<number>()
  return {
    isHeard: (sid, source, now) => {
      if (!isOther(sid)) return true
      if (silenced.has(sid)) return false
      if (since === undefined || now - since > DAY_MS) {
        since = now
        sources.clear()
      }
      const seen = sources.get(sid) ?? new Set()
      sources.set(sid, seen.add(source))
      if (seen.size <= SOURCES_MOST) return true
      silenced.add(sid)
      sources.delete(sid)
      return false
    },
    silenced: () => [...silenced].map(String).sort(),
  }
}

/** Which rules are used, out of counters that grow, and begin anew whenever the rules are replaced. */
export interface UseBook {
  /** Takes what the kernel shows of the rules with their counters. */
  note(shown: string, now: number): void
  /** Rules that were used within a day. */
  used(now: number): string[]
  /** When the last look was; 0 before the first. */
  readAt(): number
}

const DAY_MS = 86_400_000

/** What was counted before the first look may be old: it only begins there. */
export function makeUseBook(): UseBook {
  const lastUse = new Map<string, number>()
  let before: ReadonlyMap<string, number> | undefined
  let readAt = 0
  return {
    note: (shown, now) => {
      const counts = parseCounts(shown)
      readAt = now
      for (const [id, packets] of counts) {
        const had = before === undefined ? packets : (before.get(id) ?? 0)
        if (packets !== had && packets > 0) lastUse.set(id, now)
      }
      before = counts
    },
    used: (now) => {
      for (const [id, at] of lastUse) if (now - at > DAY_MS) lastUse.delete(id)
      return [...lastUse.keys()].sort()
    },
    readAt: () => readAt,
  }
}

/** Packets by rule: a rule can be in several chains. */
export function parseCounts(shown: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [, packets, id = ''] of shown.matchAll(
    / counter packets (\d+) bytes \d+ accept comment "([^"]+)"/g,
  ))
    counts.set(id, (counts.get(id) ?? 0) + Number(packets))
  return counts
}

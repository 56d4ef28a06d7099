import type { MinuteCounts, PacketCounts } from '#contract/guard.ts'

const MINUTE_MS = 60_000
/** Minutes that are kept for a control plane that asks late. */
const ROOM = 120

/** Packets by the minute, out of counters that only ever grow. */
export interface Tally {
  /** Whether the counters should be read: once at first, then as soon as a minute is over. */
  isDue(now: number): boolean
  /** Takes a reading; `number` is that of the change. Tells whether a minute is complete by it. */
  note(reading: PacketCounts, now: number, number: number): boolean
  /** Minutes that were completed after a number. */
  since(number: number): MinuteCounts[]
}

const minuteOf = (time: number) => Math.floor(time / MINUTE_MS)

/** What came before the first reading belongs to no minute. */
export function makeTally(): Tally {
  let before: { readonly reading: PacketCounts; readonly minute: number } | undefined
  const minutes: Array<{ readonly number: number; readonly counts: MinuteCounts }> = []
  return {
    isDue: (now) => before === undefined || minuteOf(now) > before.minute,
    note: (reading, now, number) => {
      const last = before
      before = { reading, minute: minuteOf(now) }
      if (last === undefined || last.minute === before.minute) return false
      const at = new Date(last.minute * MINUTE_MS).toISOString()
      minutes.push({ number, counts: { at, ...sinceThen(last.reading, reading) } })
      if (minutes.length > ROOM) minutes.shift()
      return true
    },
    since: (after) => minutes.filter(({ number }) => number > after).map(({ counts }) => counts),
  }
}

/** A counter that has fallen was made anew meanwhile. */
const grown = (before: number, now: number) => (now >= before ? now - before : now)

const sinceThen = (before: PacketCounts, now: PacketCounts): PacketCounts => ({
  judged: grown(before.judged, now.judged),
  refused: grown(before.refused, now.refused),
  kept_out: grown(before.kept_out, now.kept_out),
  flooded: grown(before.flooded, now.flooded),
})

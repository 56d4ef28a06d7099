import { DRILL_LIMITS, type DrillLedger } from '#contract/drill-result.ts'
import type { LedgerEntry, RawLedger } from './drill.ts'

/** How much before the fault is worth keeping when there is more than the limit: enough to see what was usual. */
const BEFORE_MS = 5000

/** The ledger as it is handed in: times as gaps, one series for each server, bounded. Pure. */
export function sampleLedger({ of, entries, lost }: RawLedger, originMs: number): DrillLedger {
  const inTime = [...entries].sort((one, other) => one.atMs - other.atMs)
  const kept = keep(inTime, originMs)
  const missing = new Set(lost)
  const secondsOf = (ms: number) => Math.round(ms - originMs) / 1000
  const names = [...new Set(inTime.map(({ server }) => server))]
  return {
    of,
    total: entries.length,
    leftOut: entries.length - kept.length,
    series: names.flatMap((server, index) => {
      const times = kept.filter((one) => one.server === server).map(({ atMs }) => Math.round(atMs - originMs))
      const [first] = times
      if (first === undefined) return []
      const gapsMs = times.slice(1).map((time, at) => time - (times[at] ?? time))
      // What a server calls itself may be an address or a date: who reads this needs to tell them apart only.
      return [{ name: `server ${index + 1}`, firstS: first / 1000, gapsMs }]
    }),
    lost: inTime
      .filter(({ n }) => missing.has(n))
      .slice(0, DRILL_LIMITS.lostEntries)
      .map(({ n, atMs }) => ({ n, atS: secondsOf(atMs) })),
  }
}

/** All, or the first ones from shortly before the fault on. */
function keep(inTime: readonly LedgerEntry[], originMs: number): readonly LedgerEntry[] {
  if (inTime.length <= DRILL_LIMITS.ledgerEntries) return inTime
  return inTime.filter(({ atMs }) => atMs >= originMs - BEFORE_MS).slice(0, DRILL_LIMITS.ledgerEntries)
}

/** Times of all entries of a ledger, in seconds since the fault. */
export function timesOf({ series }: DrillLedger): number[] {
  return series.flatMap(({ firstS, gapsMs }) => {
    const times = [Math.round(firstS * 1000)]
    for (const gap of gapsMs) times.push((times.at(-1) ?? 0) + gap)
    return times.map((ms) => ms / 1000)
  })
}

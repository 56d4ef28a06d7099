import { DRILL_LIMITS, type DrillLedger } from '#contract/drill-result.ts'
import type { FailedEntry, RawLedger } from './drill.ts'

/** How much before the fault is worth keeping when there is more than the limit: enough to see what was usual. */
const BEFORE_MS = 5000

/** The ledger as it is handed in: times as gaps, one series for each server, bounded. Pure. */
export function sampleLedger({ of, entries, failed, lost }: RawLedger, originMs: number): DrillLedger {
  const inTime = [...entries].sort((one, other) => one.atMs - other.atMs)
  const kept = keep(inTime, ({ atMs }) => atMs, originMs, DRILL_LIMITS.ledgerEntries)
  const missing = new Set(lost)
  const names = [...new Set(inTime.map(({ server }) => server))]
  const askers = [...new Set([...entries, ...failed].map(({ asker }) => asker))].sort()
  return {
    of,
    total: entries.length,
    leftOut: entries.length - kept.length,
    series: names.flatMap((server, index) => {
      const own = kept.filter((one) => one.server === server)
      const times = own.map(({ atMs }) => Math.round(atMs - originMs))
      const [first] = times
      if (first === undefined) return []
      // What a server calls itself may be an address or a date: who reads this needs to tell them apart only.
      return [
        {
          name: `server ${index + 1}`,
          firstS: first / 1000,
          gapsMs: times.slice(1).map((time, at) => time - (times[at] ?? time)),
          tookMs: own.map(({ begunMs, atMs }) => Math.max(0, Math.round(atMs - begunMs))),
          askers: own.map(({ asker }) => askers.indexOf(asker)),
        },
      ]
    }),
    askers,
    failed: sampleFailed(failed, askers, originMs),
    lost: inTime
      .filter(({ n }) => missing.has(n))
      .slice(0, DRILL_LIMITS.lostEntries)
      .map(({ n, atMs }) => ({ n, atS: seconds(atMs, originMs) })),
  }
}

function sampleFailed(
  failed: readonly FailedEntry[],
  askers: readonly string[],
  originMs: number,
): DrillLedger['failed'] {
  const inTime = [...failed].sort((one, other) => one.endedMs - other.endedMs)
  const kept = keep(inTime, ({ endedMs }) => endedMs, originMs, DRILL_LIMITS.failedEntries)
  return {
    total: failed.length,
    leftOut: failed.length - kept.length,
    entries: kept.map(({ asker, begunMs, endedMs, outcome }) => ({
      ...{
        asker: askers.indexOf(asker),
        askedS: seconds(begunMs, originMs),
        endedS: seconds(endedMs, originMs),
      },
      outcome: outcome.slice(0, 200),
    })),
  }
}

const seconds = (ms: number, originMs: number) => Math.round(ms - originMs) / 1000

/** All, or the first ones from shortly before the fault on. */
function keep<Entry>(
  inTime: readonly Entry[],
  timeOf: (entry: Entry) => number,
  originMs: number,
  most: number,
): readonly Entry[] {
  if (inTime.length <= most) return inTime
  return inTime.filter((entry) => timeOf(entry) >= originMs - BEFORE_MS).slice(0, most)
}

/** Times of all entries of a ledger, in seconds since the fault. */
export function timesOf({ series }: DrillLedger): number[] {
  return series.flatMap(timesOfSeries)
}

/** Times of the entries of one series, in their order. */
export function timesOfSeries({ firstS, gapsMs }: DrillLedger['series'][number]): number[] {
  const times = [Math.round(firstS * 1000)]
  for (const gap of gapsMs) times.push((times.at(-1) ?? 0) + gap)
  return times.map((ms) => ms / 1000)
}

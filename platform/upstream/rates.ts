import type { UpstreamOrders, UpstreamReport } from '#contract/upstream.ts'

/** Packets that have come to each address so far. */
export type Reading = ReadonlyMap<string, number>

type Measured = NonNullable<UpstreamReport['measured']>

/** Tells to which addresses more comes than a limit, and for how long already. */
export interface Rates {
  /** Takes a reading; `now` in milliseconds. */
  note(counted: UpstreamOrders['counted'], reading: Reading, now: number): void
  above(): UpstreamReport['above']
  /** What came to each address in the last second, and the most of the last hour. */
  measured(): Measured
}

/** The highest is kept for each of the last minutes. */
const KEPT_MINUTES = 60
const MINUTE_MS = 60_000

/** The time between two readings is the clock: a late one means a longer time, never more packets. */
export function makeRates(): Rates {
  let before: { readonly reading: Reading; readonly at: number } | undefined
  let above = new Map<string, { readonly since: number; readonly told: UpstreamReport['above'][number] }>()
  let measured: Measured = []
  const peaks = makePeaks()
  return {
    note: (counted, reading, now) => {
      const last = before
      before = { reading, at: now }
      if (last === undefined || now <= last.at) return
      const rateOf = (address: string) => {
        const [had, has] = [last.reading.get(address), reading.get(address)]
        // A counter that has fallen, or is new, was made anew meanwhile.
        return had === undefined || has === undefined || has < had
          ? 0
          : ((has - had) * 1_000) / (now - last.at)
      }
      const next: typeof above = new Map()
      for (const { address, perSecond: limit } of counted) {
        const [key, perSecond] = [`${address} ${limit}`, Math.round(rateOf(address))]
        if (perSecond < limit) continue
        const since = above.get(key)?.since ?? last.at
        const forS = Math.floor((now - since) / 1_000)
        next.set(key, { since, told: { address, limit, perSecond, forS } })
      }
      above = next
      measured = [...new Set(counted.map(({ address }) => address))].map((address) => {
        const perSecond = Math.round(rateOf(address))
        return { address, perSecond, highest: peaks.note(address, perSecond, now) }
      })
    },
    above: () => [...above.values()].map(({ told }) => told),
    measured: () => measured,
  }
}

/** The highest of each minute and address, as long as it counts. */
function makePeaks() {
  const byAddress = new Map<string, Map<number, number>>()
  return {
    note: (address: string, perSecond: number, now: number): number => {
      const minute = Math.floor(now / MINUTE_MS)
      const kept = [...(byAddress.get(address) ?? [])].filter(([at]) => at > minute - KEPT_MINUTES)
      const minutes = new Map(kept)
      minutes.set(minute, Math.max(perSecond, minutes.get(minute) ?? 0))
      byAddress.set(address, minutes)
      return Math.max(...minutes.values())
    },
  }
}

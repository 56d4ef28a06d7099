import type { AppMetrics } from '#contract/metrics.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Time between two marks of the axis. */
const TICK_MS = { '1h': 15 * MINUTE_MS, '24h': 6 * HOUR_MS, '7d': 24 * HOUR_MS } as const

const CLOCK = { hour: '2-digit', minute: '2-digit', hour12: false } as const
const DAY = { weekday: 'short', day: 'numeric' } as const

type Range = Pick<AppMetrics, 'range' | 'from' | 'to'>

/** Marks of the axis at full hours and days of the reader's time zone. */
export function ticksOf({ range, from, to }: Range): number[] {
  const step = TICK_MS[range]
  const begin = Date.parse(from)
  const zoneMs = new Date(begin).getTimezoneOffset() * MINUTE_MS
  const first = Math.ceil((begin - zoneMs) / step) * step + zoneMs
  const count = Math.max(0, Math.floor((Date.parse(to) - first) / step) + 1)
  return Array.from({ length: count }, (_, index) => first + index * step)
}

/** What stands at a mark of the axis. */
export const tickText = (at: number, range: AppMetrics['range']): string =>
  new Date(at).toLocaleString('en-GB', range === '7d' ? DAY : CLOCK)

/** A moment, as exact as the width of a step. */
export function momentText(at: number, range: AppMetrics['range']): string {
  if (range === '1h') return new Date(at).toLocaleTimeString('en-GB')
  return new Date(at).toLocaleString('en-GB', { ...DAY, ...CLOCK })
}

/** So near, as a part of the width, the labels of two marks would cover each other. */
const LABEL_WIDTH = 0.09

/** The releases in a range; of those too near to each other only the newest bears its name. */
export function releaseMarks({ releases, from, to }: Range & Pick<AppMetrics, 'releases'>) {
  const width = Date.parse(to) - Date.parse(from)
  let labelled = Number.POSITIVE_INFINITY
  return releases
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .map(({ at, version, ok }) => {
      const x = Date.parse(at)
      const isLabelled = labelled - x > LABEL_WIDTH * width
      if (isLabelled) labelled = x
      return { x, label: isLabelled ? `v${version}` : '', ok }
    })
}

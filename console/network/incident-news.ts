import { type Incident, SERIOUS_FROM } from '#contract/detection.ts'

/** What somebody who has the console open was told of incidents. */
export interface IncidentWatch {
  /** Milliseconds by the server's clock. */
  readonly sinceMs: number
  /** The severity of each when it was seen last. */
  readonly seen: ReadonlyMap<string, number>
  /** Serious ones that began meanwhile or became so, the newest first; they stay when they are over, until somebody says that he knows. */
  readonly news: readonly Incident[]
}

/** Hosts tell of what they noticed a little late. */
const LATE_MS = 60_000

/** Goes on with a watch; what was there when it began is no news. */
export function watchIncidents(
  before: IncidentWatch | undefined,
  open: readonly Incident[],
  nowMs: number,
): IncidentWatch {
  const { sinceMs, seen, news } = before ?? { sinceMs: nowMs, seen: new Map<string, number>(), news: [] }
  const isNews = (one: Incident) => {
    if (before === undefined || one.severity < SERIOUS_FROM) return false
    const last = seen.get(one.id)
    return last === undefined ? Date.parse(one.openedAt) >= sinceMs - LATE_MS : last < SERIOUS_FROM
  }
  const kept = news.map((one) => open.find(({ id }) => id === one.id) ?? one)
  return {
    sinceMs,
    seen: new Map([...seen, ...open.map(({ id, severity }) => [id, severity] as const)]),
    news: [...open.filter(isNews), ...kept],
  }
}

/** Somebody knows of one, or of all. */
export const withoutNews = (watch: IncidentWatch, id?: string): IncidentWatch => ({
  ...watch,
  news: id === undefined ? [] : watch.news.filter((one) => one.id !== id),
})

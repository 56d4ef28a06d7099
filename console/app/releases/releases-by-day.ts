import type { Release } from '#contract/apps.ts'

/** Releases of one day, in the reader's time zone. */
export interface DayOfReleases {
  readonly day: string
  readonly good: number
  readonly failed: number
}

const DAY_MS = 86_400_000

const nameOf = (at: Date) => at.toLocaleDateString('en', { day: 'numeric', month: 'short' })

/** Every day of the last `days`, oldest first; a day without releases is a day with none. */
export function releasesByDay(
  releases: ReadonlyArray<Pick<Release, 'createdAt' | 'state'>>,
  now: Date,
  days = 30,
): DayOfReleases[] {
  const names = Array.from({ length: days }, (_, back) =>
    nameOf(new Date(now.getTime() - (days - 1 - back) * DAY_MS)),
  )
  const since = now.getTime() - days * DAY_MS
  const recent = releases.filter(({ createdAt }) => Date.parse(createdAt) > since)
  return names.map((day) => {
    const own = recent.filter(({ createdAt }) => nameOf(new Date(createdAt)) === day)
    const failed = own.filter(({ state }) => state === 'failed').length
    return { day, good: own.length - failed, failed }
  })
}

import { MaruError } from '#contract/errors.ts'

/** Requests that one caller may make each minute of one control plane: they keep it from being kept busy. */
export const RATE_LIMITS = {
  /** Everything, for each source address. */
  sourcePerMinute: 1_200,
  /** Everything, for each person. */
  principalPerMinute: 600,
} as const

/** Buckets kept at most; beyond that the oldest is forgotten, so that many sources can't fill the memory. */
const BUCKETS = 50_000

export interface RateLimit {
  /** Takes one request of `key`; throws `rate_limited` when there is none left. */
  take(key: string): void
}

/** What is said to someone who has less than one request left. */
export function rateLimited(perMinute: number, left: number): MaruError {
  const seconds = Math.ceil(((1 - left) * 60) / perMinute)
  return new MaruError('rate_limited', { limit: perMinute, seconds })
}

/** A token bucket for each key: `perMinute` at once, refilled evenly. */
export function makeRateLimit(perMinute: number, nowMs: () => number): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>()
  const perMs = perMinute / 60_000
  return {
    take(key) {
      const now = nowMs()
      const last = buckets.get(key)
      const left = last ? Math.min(perMinute, last.left + (now - last.at) * perMs) : perMinute
      if (left < 1) {
        throw rateLimited(perMinute, left)
      }
      // Put at the end: the first key of the map is always the one that was quiet for longest.
      buckets.delete(key)
      buckets.set(key, { left: left - 1, at: now })
      if (buckets.size > BUCKETS) buckets.delete(buckets.keys().next().value ?? key)
    },
  }
}

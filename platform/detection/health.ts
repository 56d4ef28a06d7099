import type { DetectorReport } from '#contract/detection.ts'
import type { DetectorStats } from './eve.ts'
import { STATS_S } from './render.ts'

/** What is known of a host's detector. */
export interface DetectorHealth {
  /** Milliseconds: since when it should be there. */
  readonly wantedAt: number
  readonly saidAt: number | null
  readonly stats: DetectorStats | null
  /** When it missed packets last, and how many of how many then. */
  readonly missed: { readonly at: number; readonly dropped: number; readonly packets: number } | null
}

export const HEALTH_LIMITS = {
  /** It says something every few seconds; so much later it is taken for dead. */
  silentMs: 3 * STATS_S * 1000,
  /** It may take so long to start. */
  startMs: 30_000,
  /** A frozen one is replaced after that. */
  replaceMs: 45_000,
  /** Packets missed between two counts, of a thousand; fewer than that, or than `leastMissed`, are no matter. */
  missedPerMille: 1,
  leastMissed: 10,
  /** So long it is told that packets were missed. */
  rememberMs: 120_000,
} as const

export const newHealth = (now: number): DetectorHealth => ({
  ...{ wantedAt: now, saidAt: null, stats: null, missed: null },
})

/** What is known after it has counted again. One that was started anew counts from zero. */
export function noteStats(health: DetectorHealth, stats: DetectorStats, now: number): DetectorHealth {
  const before = health.stats !== null && health.stats.upS <= stats.upS ? health.stats : undefined
  const dropped = Math.max(0, stats.dropped - (before?.dropped ?? 0))
  const packets = Math.max(0, stats.packets - (before?.packets ?? 0))
  const isMuch =
    dropped >= HEALTH_LIMITS.leastMissed &&
    dropped * 1000 >= (packets + dropped) * HEALTH_LIMITS.missedPerMille
  return { ...health, saidAt: now, stats, missed: isMuch ? { at: now, dropped, packets } : health.missed }
}

/** One sentence when attacks could go unseen, else empty. */
export function problemOf({ wantedAt, saidAt, stats, missed }: DetectorHealth, now: number): string {
  const quietMs = now - (saidAt ?? wantedAt)
  const isSilent = quietMs > (saidAt === null ? HEALTH_LIMITS.startMs : HEALTH_LIMITS.silentMs)
  const since = new Date(saidAt ?? wantedAt).toISOString()
  if (isSilent) return `The detector has said nothing since ${since}: attacks on apps go unseen.`
  if (stats !== null && stats.rulesFailed > 0)
    return `The detector could not read ${stats.rulesFailed} of its rules: what they look for goes unseen.`
  if (missed !== null && now - missed.at < HEALTH_LIMITS.rememberMs)
    return `The detector missed ${missed.dropped} of ${missed.packets + missed.dropped} packets within ${STATS_S} s: an attack may have been among them.`
  return ''
}

/** Whether it has to be made anew: it runs and says nothing. */
export const isStuck = ({ saidAt, wantedAt }: DetectorHealth, now: number): boolean =>
  now - (saidAt ?? wantedAt) > HEALTH_LIMITS.replaceMs

/** What the host reports of it. */
export const reportOf = (health: DetectorHealth, now: number): DetectorReport => ({
  problem: problemOf(health, now),
  saidAt: health.saidAt === null ? null : new Date(health.saidAt).toISOString(),
  packets: health.stats?.packets ?? 0,
  dropped: health.stats?.dropped ?? 0,
  rules: health.stats?.rules ?? 0,
})

import { type NetworkTraffic, TRAFFIC_STEPS_S } from '#contract/guard.ts'
import type { MetricsRange } from '#contract/metrics.ts'

const HOURS: Readonly<Record<MetricsRange, number>> = { '1h': 1, '24h': 24, '7d': 168 }

/** The time that a range covers, begun at the begin of a step. */
export function spanOf(range: MetricsRange, now: Date): Pick<NetworkTraffic, 'from' | 'to' | 'stepS'> {
  const stepS = TRAFFIC_STEPS_S[range]
  const stepMs = stepS * 1_000
  const from = Math.floor((now.getTime() - HOURS[range] * 3_600_000) / stepMs) * stepMs
  return { from: new Date(from).toISOString(), to: now.toISOString(), stepS }
}

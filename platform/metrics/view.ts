import { APP_LIMITS } from '#contract/apps.ts'
import type { ProcessType } from '#contract/ids.ts'
import { type AppMetrics, METRICS_RANGES, type MetricsRange } from '#contract/metrics.ts'
import type { Steps } from './store.ts'

const HOURS: Readonly<Record<MetricsRange, number>> = { '1h': 1, '24h': 24, '7d': 168 }

/** The time that a range covers, begun at the begin of a step. */
export function spanOf(range: MetricsRange, now: Date): { from: Date; to: Date; stepS: number } {
  const stepS = METRICS_RANGES[range]
  const stepMs = stepS * 1000
  const from = Math.floor((now.getTime() - HOURS[range] * 3_600_000) / stepMs) * stepMs
  return { from: new Date(from), to: now, stepS }
}

const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits

/** Stored steps as points of a picture. */
export function viewSteps({ traffic, usage }: Steps): Pick<AppMetrics, 'traffic' | 'instances'> {
  const byInstance = Map.groupBy(usage, ({ process, index }) => `${process}.${index}`)
  return {
    traffic: traffic.map((step) => ({
      at: step.at.toISOString(),
      requests: step.answers,
      clientErrors: step.client_errors,
      serverErrors: step.server_errors,
      latencyMs: step.timed === 0 ? null : round(step.wait_ms / step.timed, 1),
    })),
    instances: [...byInstance].map(([instance, steps]) => ({
      instance,
      process: (steps[0]?.process ?? '') as ProcessType,
      points: steps.map((step) => ({
        at: step.at.toISOString(),
        memoryBytes: step.memory_bytes,
        cpu: round(step.cpu_ms / step.span_ms, 3),
      })),
    })),
  }
}

/** What each instance may use. */
export const LIMITS: AppMetrics['limits'] = {
  memoryBytes: APP_LIMITS.instance.memoryMb * 1024 ** 2,
  cpus: APP_LIMITS.instance.cpus,
}

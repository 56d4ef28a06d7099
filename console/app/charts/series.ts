import type { AppMetrics } from '#contract/metrics.ts'

/** A moment of a picture: milliseconds, and a value for each line; null where nobody measured. */
export type Moment = { readonly at: number } & Readonly<Record<string, number | null>>

/** The steps of a range, so that a step without a measurement is a gap in the picture and not a shorter picture. */
export function stepsOf({ from, to, stepS }: Pick<AppMetrics, 'from' | 'to' | 'stepS'>): number[] {
  const stepMs = stepS * 1000
  const first = Math.ceil(Date.parse(from) / stepMs) * stepMs
  const count = Math.max(0, Math.ceil((Date.parse(to) - first) / stepMs))
  return Array.from({ length: count }, (_, index) => first + index * stepMs)
}

/** Requests a second, by what became of them, and the mean latency. */
export function trafficMoments(metrics: AppMetrics): Moment[] {
  const points = new Map(metrics.traffic.map((point) => [Date.parse(point.at), point]))
  return stepsOf(metrics).map((at) => {
    const point = points.get(at)
    if (point === undefined)
      return { at, good: null, clientErrors: null, serverErrors: null, latencyMs: null }
    const { requests, clientErrors, serverErrors, latencyMs } = point
    const good = requests - clientErrors - serverErrors
    const rate = (count: number) => count / metrics.stepS
    return {
      at,
      good: rate(good),
      clientErrors: rate(clientErrors),
      serverErrors: rate(serverErrors),
      latencyMs,
    }
  })
}

/** The name of an instance in a picture: in a picture's own names a full stop leads into an object. */
export const seriesName = (instance: string): string => instance.replaceAll('.', '-')

/** Whether a value stands between two gaps. */
export function isAlone(moments: readonly Moment[], index: number, name: string): boolean {
  const isGap = (at: number) => (moments[at]?.[name] ?? null) === null
  return !isGap(index) && isGap(index - 1) && isGap(index + 1)
}

/** One figure of every instance, each under the name of its line. */
export function usageMoments(metrics: AppMetrics, figure: 'memoryBytes' | 'cpu'): Moment[] {
  const byStep = new Map<number, Record<string, number>>()
  for (const { instance, points } of metrics.instances) {
    for (const point of points) {
      const at = Date.parse(point.at)
      byStep.set(at, { ...byStep.get(at), [seriesName(instance)]: point[figure] })
    }
  }
  const gap = Object.fromEntries(metrics.instances.map(({ instance }) => [seriesName(instance), null]))
  return stepsOf(metrics).map((at) => ({ at, ...gap, ...byStep.get(at) }))
}

/** What a range amounts to, in figures. */
export interface TrafficTotals {
  readonly requests: number
  readonly clientErrors: number
  readonly serverErrors: number
  /** Of all requests; null without any. */
  readonly meanLatencyMs: number | null
}

/** The sums of a range; the mean latency weighs each step by its requests. */
export function totalsOf({ traffic }: Pick<AppMetrics, 'traffic'>): TrafficTotals {
  const sum = (value: (point: AppMetrics['traffic'][number]) => number) =>
    traffic.reduce((total, point) => total + value(point), 0)
  const requests = sum((point) => point.requests)
  const timed = sum((point) => (point.latencyMs === null ? 0 : point.requests))
  const total = sum((point) => (point.latencyMs ?? 0) * point.requests)
  return {
    requests,
    clientErrors: sum((point) => point.clientErrors),
    serverErrors: sum((point) => point.serverErrors),
    meanLatencyMs: timed === 0 ? null : total / timed,
  }
}

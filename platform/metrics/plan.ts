import type { HostFigures, InstanceUsageCounters, TrafficCounters, WorkerTraffic } from '#contract/agent.ts'
import { METRICS_RANGES } from '#contract/metrics.ts'

/** The length of the steps that are counted; all others are sums of them. */
export const STEP_S = METRICS_RANGES['1h']
/** What was counted over a longer time than this belongs to no step: nobody knows when it happened. */
const LONGEST_GAP_MS = 300_000

/** The counters that the next reading is compared with. The edge's may be older than the rest: it can be away. */
export interface KnownCounters {
  readonly at: string
  readonly instances: readonly InstanceUsageCounters[]
  readonly traffic: { readonly at: string; readonly workers: readonly WorkerTraffic[] } | null
}

export interface TrafficStep {
  readonly appId: string
  readonly answers: number
  readonly clientErrors: number
  readonly serverErrors: number
  readonly timed: number
  readonly waitMs: number
}

export interface UsageStep {
  readonly appId: string
  readonly process: string
  readonly index: number
  readonly memoryBytes: number
  readonly cpuMs: number
  /** Time in which `cpuMs` was used. */
  readonly spanMs: number
}

/** What a reading of a host's counters says about one step of time. */
export interface SamplePlan {
  readonly step: Date
  readonly traffic: readonly TrafficStep[]
  readonly usage: readonly UsageStep[]
  /** What the next reading is compared with. */
  readonly known: KnownCounters
}

/**
 * The step that ends with a reading: readings are made at its end, give or take a little. What came in while nobody
 * read is part of the first step after; steps that nobody counted stay absent.
 */
export function stepOf(at: Date): Date {
  const stepMs = STEP_S * 1000
  return new Date(Math.floor((at.getTime() - stepMs / 2) / stepMs) * stepMs)
}

/** Makes the differences between two readings. Without an earlier one there is nothing to count yet. */
export function planSample(known: KnownCounters | undefined, figures: HostFigures): SamplePlan {
  const at = Date.parse(figures.at)
  const sinceMs = (before: string) => at - Date.parse(before)
  const isNear = (before: string) => sinceMs(before) > 0 && sinceMs(before) <= LONGEST_GAP_MS
  const before = known?.traffic ?? null
  const workers = figures.traffic
  const traffic =
    workers !== null && before !== null && isNear(before.at) ? countTraffic(before.workers, workers) : []
  const usage =
    known !== undefined && isNear(known.at)
      ? countUsage(known.instances, figures.instances, sinceMs(known.at))
      : []
  return {
    step: stepOf(new Date(at)),
    traffic,
    usage,
    known: {
      at: figures.at,
      instances: figures.instances,
      traffic: workers === null ? before : { at: figures.at, workers },
    },
  }
}

/** Sums over the edge's processes; each counts for itself, from zero. */
function countTraffic(before: readonly WorkerTraffic[], now: readonly WorkerTraffic[]): TrafficStep[] {
  const steps = new Map<string, TrafficStep>()
  for (const { worker, apps } of now) {
    const counted = before.find((one) => one.worker === worker)?.apps ?? []
    const earlier = new Map(counted.map((one) => [one.appId, one]))
    for (const one of apps) {
      const step = difference(earlier.get(one.appId), one)
      const sum = steps.get(one.appId)
      steps.set(one.appId, sum === undefined ? step : add(sum, step))
    }
  }
  return [...steps.values()]
}

function difference(before: TrafficCounters | undefined, now: TrafficCounters): TrafficStep {
  return {
    appId: now.appId,
    answers: grown(before?.answers, now.answers),
    clientErrors: grown(before?.clientErrors, now.clientErrors),
    serverErrors: grown(before?.serverErrors, now.serverErrors),
    timed: grown(before?.timed, now.timed),
    waitMs: grown(before?.tenthsMs, now.tenthsMs) / 10,
  }
}

const add = (one: TrafficStep, other: TrafficStep): TrafficStep => ({
  appId: one.appId,
  answers: one.answers + other.answers,
  clientErrors: one.clientErrors + other.clientErrors,
  serverErrors: one.serverErrors + other.serverErrors,
  timed: one.timed + other.timed,
  waitMs: one.waitMs + other.waitMs,
})

const COUNTER_SIZE = 2 ** 32

/**
 * How far a counter got. One that is lower than before has run over, if it was near its end, or else was set to zero
 * and has counted what it shows since.
 */
function grown(before = 0, now: number): number {
  if (now >= before) return now - before
  return before > COUNTER_SIZE / 2 && before < COUNTER_SIZE ? now + COUNTER_SIZE - before : now
}

/** Instances that were there before; when two have one name, the newer one's figures count. */
function countUsage(
  before: readonly InstanceUsageCounters[],
  now: readonly InstanceUsageCounters[],
  spanMs: number,
): UsageStep[] {
  const earlier = new Map(before.map((one) => [one.life, one]))
  const newest = new Map<string, InstanceUsageCounters>()
  for (const one of now) {
    const key = `${one.appId} ${one.process}.${one.index}`
    const other = newest.get(key)
    if (other === undefined || isNewer(one, other)) newest.set(key, one)
  }
  return [...newest.values()].flatMap((one) => {
    const from = earlier.get(one.life)
    if (from === undefined) return []
    const cpuMs = Math.max(0, one.cpuUs - from.cpuUs) / 1000
    const { appId, process, index, memoryBytes } = one
    return [{ appId, process, index, memoryBytes, cpuMs, spanMs }]
  })
}

const isNewer = (one: InstanceUsageCounters, other: InstanceUsageCounters) =>
  one.release > other.release || (one.release === other.release && one.epoch > other.epoch)

/** How long steps of each length are kept, and of which shorter ones they are the sum. */
export const KEPT: ReadonlyArray<{
  readonly stepS: number
  readonly fromS: number | undefined
  readonly hours: number
}> = [
  { stepS: METRICS_RANGES['1h'], fromS: undefined, hours: 2 },
  { stepS: METRICS_RANGES['24h'], fromS: METRICS_RANGES['1h'], hours: 48 },
  { stepS: METRICS_RANGES['7d'], fromS: METRICS_RANGES['24h'], hours: 192 },
]

/**
 * From when on the longer steps are summed again. The newest one that exists may have been summed before it was full,
 * and the one before it before its last reading came in.
 */
export function rollUpFrom(newest: Date | undefined, stepS: number): Date {
  return newest === undefined ? new Date(0) : new Date(newest.getTime() - stepS * 1000)
}

/** The time before which steps are given up. */
export const keptSince = (hours: number, now: Date) => new Date(now.getTime() - hours * 3_600_000)

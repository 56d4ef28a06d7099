import type { IncidentEntry } from '#contract/detection.ts'
import { counted } from '#runtime/kit/human-units.ts'

/** A thing of an incident in a picture of it; places in percent of its width. */
export interface TimeMark {
  readonly key: string
  readonly from: number
  readonly to: number
  readonly isStopped: boolean
}

/** What was of one kind, as a row of the picture. */
export interface TimeLane {
  readonly kind: string
  readonly marks: readonly TimeMark[]
}

export interface TimeLine {
  readonly lanes: readonly TimeLane[]
  readonly ticks: ReadonlyArray<{ readonly at: number; readonly text: string }>
}

type Timed = Pick<IncidentEntry, 'host' | 'uid' | 'kind' | 'start_time' | 'end_time' | 'disposition'>

/** A moment alone gets some time around it. */
const LEAST_MS = 10_000
/** Free at each side, in percent: a mark is wider than its moment. */
const FREE = 3
const MOST_TICKS = 4
const MINUTE_S = 60
const HOUR_S = 3_600
const DAY_S = 86_400
const STEPS_S = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_S),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_S),
  ...[1, 2, 7, 14, 30, 90].map((days) => days * DAY_S),
]

/** When what happened: a row for each kind, in the order in which they began. */
export function timeLineOf(entries: readonly Timed[]): TimeLine {
  const { fromMs, toMs } = rangeOf(entries)
  const place = (ms: number) =>
    Math.round((FREE + ((ms - fromMs) / (toMs - fromMs)) * (100 - 2 * FREE)) * 100) / 100
  const lanes = [...Map.groupBy(entries, ({ kind }) => kind)].map(([kind, all]) => ({
    kind,
    marks: all.map(({ host, uid, start_time, end_time, disposition }) => ({
      key: `${host} ${uid}`,
      from: place(Date.parse(start_time)),
      to: place(Date.parse(end_time)),
      isStopped: disposition === 'Blocked',
    })),
  }))
  return { lanes, ticks: ticksOf(fromMs, toMs).map((ms) => ({ ...ms, at: place(ms.at) })) }
}

function rangeOf(entries: readonly Timed[]) {
  const fromMs = Math.min(...entries.map(({ start_time }) => Date.parse(start_time)))
  const toMs = Math.max(...entries.map(({ end_time }) => Date.parse(end_time)))
  return { fromMs, toMs: Math.max(toMs, fromMs + LEAST_MS) }
}

function ticksOf(fromMs: number, toMs: number) {
  const fits = (stepS: number) => (toMs - fromMs) / (stepS * 1_000) < MOST_TICKS
  const stepS = STEPS_S.find(fits) ?? (STEPS_S.at(-1) as number)
  const first = Math.ceil(fromMs / (stepS * 1_000)) * stepS * 1_000
  const count = Math.floor((toMs - first) / (stepS * 1_000)) + 1
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const at = first + index * stepS * 1_000
    return { at, text: tickText(new Date(at).toISOString(), stepS, toMs - fromMs) }
  })
}

function tickText(at: string, stepS: number, spanMs: number): string {
  if (stepS >= DAY_S) return at.slice(5, 10)
  if (stepS < MINUTE_S) return at.slice(11, 19)
  return spanMs > DAY_S * 1_000 ? `${at.slice(5, 10)} ${at.slice(11, 16)}` : at.slice(11, 16)
}

/** The picture in a sentence. */
export function timeLineWords(entries: readonly Timed[]): string {
  const kinds = [...Map.groupBy(entries, ({ kind }) => kind)].map(([kind, all]) => {
    const stopped = all.filter(({ disposition }) => disposition === 'Blocked').length
    return `${kind}: ${counted(all.length, 'event')}, ${stopped} stopped`
  })
  return `Time line. ${kinds.join('; ')}. The list below says the same.`
}

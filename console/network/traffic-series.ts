import { EVENT_KINDS, type NetworkTraffic, type PacketCounts } from '#contract/guard.ts'
import { type Moment, stepsOf } from '../app/charts/series.ts'

/** Packets a minute; a step that nobody counted is a gap. */
export function packetMoments(traffic: NetworkTraffic): Moment[] {
  const counts = new Map(traffic.counts.map((step) => [Date.parse(step.at), step]))
  const aMinute = (count: number | undefined) => (count === undefined ? null : (count * 60) / traffic.stepS)
  return stepsOf(traffic).map((at) => {
    const step = counts.get(at)
    return {
      at,
      passed: aMinute(step && step.judged - step.refused),
      refused: aMinute(step?.refused),
      kept_out: aMinute(step?.kept_out),
      flooded: aMinute(step?.flooded),
    }
  })
}

/** Kinds of events that there were, in the order in which they are always named. */
export function kindsOf({ events }: Pick<NetworkTraffic, 'events'>): string[] {
  const seen = new Set(events.map(({ kind }) => kind))
  const known: readonly string[] = EVENT_KINDS
  return [
    ...known.filter((kind) => seen.has(kind)),
    ...[...seen].filter((kind) => !known.includes(kind)).sort(),
  ]
}

/** Events that began in each step; where none did there were none. */
export function eventMoments(traffic: NetworkTraffic): Moment[] {
  const kinds = kindsOf(traffic)
  const byStep = Map.groupBy(traffic.events, ({ at }) => Date.parse(at))
  return stepsOf(traffic).map((at) => {
    const here = byStep.get(at) ?? []
    const count = (kind: string) => here.find((one) => one.kind === kind)?.count ?? 0
    return { at, ...Object.fromEntries(kinds.map((kind) => [kind, count(kind)])) }
  })
}

/** What a range amounts to. */
export function sumsOf({ counts, events }: Pick<NetworkTraffic, 'counts' | 'events'>) {
  const sum = (name: keyof PacketCounts) => counts.reduce((total, step) => total + step[name], 0)
  return {
    judged: sum('judged'),
    refused: sum('refused'),
    stopped: sum('kept_out') + sum('flooded'),
    events: events.reduce((total, { count }) => total + count, 0),
  }
}

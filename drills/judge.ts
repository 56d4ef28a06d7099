import type { DrillResult } from '#contract/trust.ts'
import type { Drill, Measured } from './drill.ts'

export interface DrillTimes {
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly place: DrillResult['place']
}

/** Sets what was measured against the limits. */
export function judge(drill: Drill, measured: Measured, times: DrillTimes): DrillResult {
  const measures = Object.entries(drill.measures).map(([name, { unit, limit }]) => {
    const value = measured.values[name]
    if (value === undefined || !Number.isFinite(value))
      throw new Error(`${drill.name} did not measure ${name}`)
    return { name, value, unit, limit }
  })
  return {
    drill: drill.name,
    promises: [...drill.promises],
    startedAt: times.startedAt.toISOString(),
    finishedAt: times.finishedAt.toISOString(),
    place: times.place,
    setUp: drill.setUp,
    fault: drill.fault,
    measures,
    passed: measures.every(({ value, limit }) => value <= limit),
    result: measured.result,
  }
}

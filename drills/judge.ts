import { type DrillResult, isWithin, type TimeLine } from '#contract/drill-result.ts'
import type { DrillText, Measured } from './drill.ts'
import { sampleLedger } from './ledger-samples.ts'

export interface DrillTimes {
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly place: DrillResult['place']
  readonly timeLine?: TimeLine | undefined
  /** From where the time line counts, by the clock of `performance.now()`. */
  readonly originMs?: number | undefined
  readonly versions?: DrillResult['versions']
}

/** Sets what was measured against the limits; what was not measured is not kept. */
export function judge(drill: DrillText, measured: Measured, times: DrillTimes): DrillResult {
  const measures = Object.entries(drill.measures).map(([name, { unit, limit }]) => {
    const value = measured.values[name]
    return { name, value: value !== undefined && Number.isFinite(value) ? value : null, unit, limit }
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
    passed: measures.every(isWithin),
    result: measured.result,
    ...besides(measured, times),
  }
}

/** What a result has beside its measures, where there is any. */
function besides({ figures, ledger }: Measured, { timeLine, originMs, versions }: DrillTimes) {
  return {
    ...(timeLine && { timeLine }),
    ...(figures && { figures: Object.entries(figures).map(([name, figure]) => ({ name, ...figure })) }),
    ...(versions && versions.length > 0 && { versions }),
    ...(ledger && originMs !== undefined && { ledger: sampleLedger(ledger, originMs) }),
  }
}

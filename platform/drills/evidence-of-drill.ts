import { type DrillMeasure, type DrillResult, isWithin } from '#contract/drill-result.ts'
import { MaruError } from '#contract/errors.ts'
import type { Evidence } from '#contract/trust.ts'
import { secondsText } from '#drills/time-line-scale.ts'
import { DRILL_VALID_DAYS } from '#platform/trust/index.ts'

/** Clocks of one host agree; more than this is a mistake. */
const AHEAD_MS = 60_000
const DAY_S = 86_400

/** A drill's result as evidence. What contradicts itself is refused: passing is decided by figures and limits. */
export function evidenceOfDrill(result: DrillResult, now: Date): Evidence {
  checkResult(result, now)
  const finishedMs = Date.parse(result.finishedAt)
  return {
    source: 'drill',
    name: result.drill,
    promises: result.promises,
    at: new Date(finishedMs).toISOString(),
    passed: result.passed,
    summary: result.result,
    facts: [
      { name: 'Fault', value: result.fault },
      ...result.measures.map((measure) => ({ name: measure.name, value: againstLimit(measure) })),
      ...timeLineFact(result),
    ],
    durationMs: finishedMs - Date.parse(result.startedAt),
    validS: DRILL_VALID_DAYS * DAY_S,
  }
}

function checkResult({ startedAt, finishedAt, measures, passed }: DrillResult, now: Date): void {
  const refuse = (field: string, reason: string): never => {
    throw new MaruError('invalid', { field, reason })
  }
  const [startedMs, finishedMs] = [Date.parse(startedAt), Date.parse(finishedAt)]
  if (finishedMs < startedMs) refuse('finishedAt', 'must not be before startedAt')
  if (finishedMs > now.getTime() + AHEAD_MS) refuse('finishedAt', 'must not be in the future')
  const bad = measures.find((measure) => !isWithin(measure))
  if (passed && bad !== undefined) refuse('passed', `must be false: ${whyNot(bad)}`)
}

const whyNot = ({ name, value, unit, limit }: DrillMeasure) =>
  value === null ? `${name} was not measured` : `${name} is ${value} ${unit}, its limit is ${limit}`

const againstLimit = ({ value, unit, limit }: DrillMeasure) =>
  `${value === null ? 'not measured' : `${value} ${unit}`} (limit ${limit} ${unit})`.replaceAll('  ', ' ')

/** What happened when, in one line; auditors get it, too. */
function timeLineFact({ timeLine }: DrillResult): Evidence['facts'] {
  const moments = (timeLine?.marks ?? []).map(({ label, atS }) => `${label} ${secondsText(atS)}`)
  return moments.length === 0 ? [] : [{ name: 'Time line', value: moments.join(', ') }]
}

import { type DrillResult, standingOf } from '#contract/drill-result.ts'
import type { Output } from '#runtime/cli/output.ts'
import { renderTimeLineText } from './time-line-text.ts'

const COLUMNS = [
  { title: 'MEASURE' },
  { title: 'VALUE', align: 'right' },
  { title: 'LIMIT', align: 'right' },
  { title: '' },
] as const

/** What a drill found, for people: the sentence, the figures against their limits, the time line. */
export function renderResult(output: Output, result: DrillResult): string {
  const head = `${result.passed ? 'Passed' : 'Not passed'}: ${result.result}`
  const next = result.passed ? '' : `\nWhat to do: docs/drills/${result.drill}.md\n`
  return `${head}\n\n${renderFindings(output, result)}${next}`
}

/** The figures against their limits, and the time line where there is one. */
export function renderFindings(
  output: Output,
  { measures, timeLine }: Pick<DrillResult, 'measures' | 'timeLine'>,
): string {
  const rows = measures.map(({ name, value, unit, limit }) => [
    name,
    value === null ? '-' : `${Number(value.toFixed(2))} ${unit}`,
    `${limit} ${unit}`,
    standingOf({ value, limit }),
  ])
  const picture = timeLine === undefined ? '' : `\n${renderTimeLineText(timeLine, output.columns)}`
  return `${output.table([...COLUMNS], rows)}${picture}`
}

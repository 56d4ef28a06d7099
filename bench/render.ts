import { renderTable } from '#runtime/cli/table.ts'
import { table as markdownTable } from '#tools/reference.ts'
import type { BenchReport, BenchResult, Figure, Machine } from './report.ts'

const WITHIN =
  ' Where a median stands with two spans, it is in the first of them with a confidence of 95 % (sign test), and single samples are in the second: a goal inside the first is neither met nor missed by that run.'
const NOTICE =
  '<!-- Made by `maru bench`, from performance.json beside it. Change neither by hand: measure again. -->'

/** Three digits, and no more behind the point than that takes. */
const numberText = (value: number) =>
  Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : value.toLocaleString('en', { maximumSignificantDigits: 3 })

/** A figure for people: `3.4 s (3.2 to 4.1)`, `not within 60 s`, `0.93 × (0.9 to 0.96; single 0.7 to 1.3)`. */
export function figureText(figure: Figure): string {
  const { value, unit, isDifference, isNotWithin, samples = [], within } = figure
  if (isNotWithin === true) return `not within ${numberText(value)} ${unit}`
  const sign = isDifference === true && value > 0 ? '+' : ''
  const spread = spanText(Math.min(...samples), Math.max(...samples))
  const range = within
    ? ` (${spanText(...within)}; single ${spread})`
    : samples.length > 1
      ? ` (${spread})`
      : ''
  return `${sign}${numberText(value)} ${unit}${range}`
}

const spanText = (from: number, to: number) => `${numberText(from)} to ${numberText(to)}`

/** The figures as a table: a line for each row, a column for each column, in the order in which they came. */
export function tableOf(figures: readonly Figure[]): { head: string[]; rows: string[][] } {
  const columns = [...new Set(figures.map(({ column }) => column))]
  const names = [...new Set(figures.map(({ row }) => row))]
  const cell = (row: string, column: string) => {
    const figure = figures.find((one) => one.row === row && one.column === column)
    return figure === undefined ? '' : figureText(figure)
  }
  return {
    head: ['', ...columns],
    rows: names.map((row) => [row, ...columns.map((column) => cell(row, column))]),
  }
}

/** What the machine is, as pairs. */
const machineRows = (machine: Machine): Array<[string, string]> => [
  ['Processor', `${machine.processor}, ${machine.processors} cores`],
  ['Memory', `${(machine.memoryMb / 1024).toFixed(1)} GB`],
  ['System', `${machine.system}, kernel ${machine.kernel}`],
  ['Programs', `Docker Engine ${machine.engine}, Node ${machine.node}`],
  ['Load before the run', machine.loadBefore.toFixed(2)],
]

/** What has no figures, each with its reason: nothing is left out without a word. */
const missingOf = ({ missing = [] }: BenchResult) =>
  missing.map(({ what, reason }) => `not measured: ${what}: ${reason.replace(/\.$/, '')}`)

/** The whole report for a terminal. */
export function renderTerminal(report: BenchReport): string {
  const parts = report.results.map((result) => {
    if (result.skipped !== null) return `${result.title}\n  not measured: ${result.skipped}\n`
    const { head, rows } = tableOf(result.figures)
    const columns = head.map((title) => ({ title }))
    const missing = missingOf(result).map((line) => `  ${line}\n`)
    return [result.title, '\n', rows.length > 0 ? renderTable(columns, rows) : '', ...missing].join('')
  })
  const machine = machineRows(report.machine).map(([, value]) => value)
  return `${parts.join('\n')}\n${machine.join('; ')}\n`
}

/** The whole report as docs/performance.md. */
export function renderPerformance(report: BenchReport): string {
  const when = report.at.slice(0, 16).replace('T', ' ')
  return `${[
    '# Performance',
    NOTICE,
    `Measured by \`./maru bench\` on ${when} UTC, at commit ${report.commit}, in ${Math.round(report.seconds)} s. Read them as ratios: another machine gives other figures. Where several samples were taken, the median is shown, and the smallest and largest in brackets.${hasWithin(report) ? WITHIN : ''}`,
    markdownTable(['the machine', ''], machineRows(report.machine)),
    ...report.results.flatMap(sectionOf),
  ].join('\n\n')}\n`
}

const hasWithin = ({ results }: BenchReport) =>
  results.some(({ figures }) => figures.some(({ within }) => within !== undefined))

function sectionOf(result: BenchResult): string[] {
  const { title, method, figures, skipped, apart } = result
  const when = apart && `${apart.at.slice(0, 16).replace('T', ' ')} UTC, at commit ${apart.commit}`
  const own =
    when && `Measured apart from the rest on ${when}; load before it: ${apart.loadBefore.toFixed(2)}.`
  const head = [`## ${title}`, method, ...(own ? [own] : [])]
  if (skipped !== null) return [...head, `Not measured: ${skipped}.`]
  const table = tableOf(figures)
  const missing = missingOf(result).map((line) => `${line.charAt(0).toUpperCase()}${line.slice(1)}.`)
  return [...head, ...(figures.length > 0 ? [markdownTable(table.head, table.rows)] : []), ...missing]
}

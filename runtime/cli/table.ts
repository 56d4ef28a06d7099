import { safeText } from '#runtime/kit/safe-text.ts'
import { textWidth, truncate } from './terminal-text.ts'

export interface Column {
  readonly title: string
  readonly align?: 'right'
}

const GAP = '  '
/** A column is never cut below this: shorter pieces tell nothing. */
const NARROWEST = 8

/** Takes columns from the widest ones until the whole line fits. */
function fitWidths(natural: readonly number[], available: number): number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1))
  while (total() > available) {
    const widest = widths.indexOf(Math.max(...widths))
    const width = widths[widest] ?? 0
    if (width <= NARROWEST) break
    widths[widest] = width - 1
  }
  return widths
}

function renderCell(text: string, width: number, column: Column, last: boolean): string {
  const cut = truncate(text, width)
  const padding = ' '.repeat(Math.max(0, width - textWidth(cut)))
  if (column.align === 'right') return padding + cut
  return last ? cut : cut + padding
}

/** A table of text at most `width` columns wide; cells are made safe for a terminal. */
export function renderTable(
  columns: readonly Column[],
  rows: ReadonlyArray<readonly string[]>,
  width = Number.POSITIVE_INFINITY,
): string {
  const all = [columns.map((column) => column.title), ...rows.map((row) => row.map(safeText))]
  const natural = columns.map((_, index) => Math.max(...all.map((row) => textWidth(row[index] ?? ''))))
  const widths = fitWidths(natural, width)
  const renderRow = (row: readonly string[]) =>
    columns
      .map((column, index) =>
        renderCell(row[index] ?? '', widths[index] ?? 0, column, index === columns.length - 1),
      )
      .join(GAP)
      .trimEnd()
  return `${all.map(renderRow).join('\n')}\n`
}

/** Names and values one below the other, values lined up. */
export function renderPairs(pairs: ReadonlyArray<readonly [string, string]>): string {
  const width = Math.max(0, ...pairs.map(([name]) => textWidth(name)))
  return pairs.map(([name, value]) => `${name.padEnd(width)}${GAP}${safeText(value)}\n`).join('')
}

/** A value at a time; values that nobody measured are not among them. */
export interface Measured {
  readonly at: string
  readonly value: number
}

const BLOCKS = [...'▁▂▃▄▅▆▇█']
/** A time in which nothing was measured, as opposed to one in which zero was measured. */
const GAP = '·'

/** Values spread over a width of columns: the highest of each column, undefined where there is none. */
export function columnsOf(
  values: readonly Measured[],
  span: { readonly from: string; readonly to: string },
  width: number,
): Array<number | undefined> {
  const from = Date.parse(span.from)
  const columnMs = (Date.parse(span.to) - from) / width
  const columns = new Array<number | undefined>(width).fill(undefined)
  for (const { at, value } of values) {
    const column = Math.floor((Date.parse(at) - from) / columnMs)
    if (column >= 0 && column < width) columns[column] = Math.max(columns[column] ?? 0, value)
  }
  return columns
}

/** Columns as a line of blocks, the tallest one for `top`. Zero is the lowest block, nothing measured a dot. */
export function renderBars(columns: ReadonlyArray<number | undefined>, top: number): string {
  const blockOf = (value: number) => {
    if (value <= 0 || top <= 0) return BLOCKS[0]
    return BLOCKS[Math.min(BLOCKS.length - 1, 1 + Math.floor((value / top) * (BLOCKS.length - 2)))]
  }
  return columns.map((value) => (value === undefined ? GAP : blockOf(value))).join('')
}

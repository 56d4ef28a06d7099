import type { TimeLine } from '#contract/drill-result.ts'
import { truncate } from '#runtime/cli/terminal-text.ts'

const NARROWEST = 40
const WIDEST = 100
const LABEL_WIDEST = 24

/**
 * A time line as text: a line for each moment, with a dot at its place in time. `width` columns of the terminal are used
 * at most. Pure.
 */
export function renderTimeLineText({ marks }: TimeLine, width = 80): string {
  const last = marks.at(-1)
  if (last === undefined) return ''
  const first = Math.min(0, marks[0]?.atS ?? 0)
  const labels = marks.map(({ label }) => truncate(label, LABEL_WIDEST))
  const labelWidth = Math.max(...labels.map((label) => label.length))
  const times = marks.map(({ atS }) => `${atS.toFixed(2)} s`)
  const timeWidth = Math.max(...times.map((time) => time.length))
  const track = Math.max(NARROWEST, Math.min(width, WIDEST)) - labelWidth - timeWidth - 4
  const columnOf = (atS: number) =>
    last.atS === first ? 0 : Math.round(((atS - first) / (last.atS - first)) * Math.max(0, track - 1))
  return marks
    .map(({ atS }, index) => {
      const line = `${'─'.repeat(columnOf(atS))}●`
      return `${labels[index]?.padEnd(labelWidth)}  ${times[index]?.padStart(timeWidth)}  ${line}\n`
    })
    .join('')
}

import type { Paint } from './colour.ts'
import { makePaint } from './colour.ts'
import type { ApiOptions, CliContext } from './context.ts'
import { makeProgress, type Progress } from './progress.ts'
import { type Column, renderTable } from './table.ts'

/** How a command speaks: results on standard output, everything else on standard error. */
export interface Output {
  readonly json: boolean
  readonly paint: Paint
  readonly progress: Progress
  /** Width of the terminal; 80 where the result goes elsewhere. */
  readonly columns: number
  /** The command's result: a JSON document, or what `render` makes for people. */
  result(value: unknown, render: () => string): void
  /** One of many results: a line of JSON, or what `render` makes for people (nothing if empty). */
  item(value: unknown, render: () => string): void
  /** A remark for people; scripts don't see it. */
  note(text: string): void
  table(columns: readonly Column[], rows: ReadonlyArray<readonly string[]>): string
}

/** The output of one command. */
export function makeOutput(context: CliContext, options: Pick<ApiOptions, 'json'>): Output {
  const { stdout, stderr } = context
  const json = options.json === true
  const screen = { stream: stderr, paint: makePaint(stderr, context.env), now: () => context.now().getTime() }
  const progress = makeProgress(screen, json)
  return {
    json,
    paint: makePaint(stdout, context.env),
    progress,
    columns: stdout.isTTY ? stdout.columns : 80,
    result: (value, render) => void stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : render()),
    item: (value, render) => void stdout.write(json ? `${JSON.stringify(value)}\n` : render()),
    note: progress.note,
    table: (columns, rows) =>
      renderTable(columns, rows, stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY),
  }
}

import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { ROOT } from './source-tree.ts'

const SHOWN = 15

/** A reporter for the test runner: which files took longest, so that one sees where the minutes go. */
// biome-ignore lint/style/noDefaultExport: the runner takes a reporter from the default export.
export default async function* slowestFiles(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const seconds = new Map<string, number>()
  for await (const { type, data } of source) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.nesting !== 0) continue
    const file = relative(ROOT, data.file ?? '')
    seconds.set(file, (seconds.get(file) ?? 0) + data.details.duration_ms / 1000)
  }
  const slowest = [...seconds].sort(([, a], [, b]) => b - a).slice(0, SHOWN)
  yield slowest.map(([file, s]) => `${s.toFixed(1).padStart(7)} s  ${file}\n`).join('')
}

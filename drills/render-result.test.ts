import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Output } from '#runtime/cli/output.ts'
import { renderResult } from './render-result.ts'
import { sampleResult } from './test-result.ts'

/** Draws a table as its cells. */
const OUTPUT = {
  columns: 80,
  table: (_columns, rows) => rows.map((row) => `${row.join(' | ')}\n`).join(''),
} as Partial<Output> as Output

test('each measure stands beside its limit, and what was not measured has no figure', () => {
  const name = 'longest silence'
  const measures = [
    { name, value: 1.314, unit: 's', limit: 5 },
    { name, value: 6, unit: 's', limit: 5 },
    { name, value: null, unit: 's', limit: 5 },
  ]
  const text = renderResult(OUTPUT, sampleResult({ measures, passed: false, result: 'It was so.' }))
  assert.match(text, /^Not passed: It was so\.\n\n/)
  assert.match(
    text,
    /silence \| 1\.31 s \| 5 s \| ok\n.*\| 6 s \| 5 s \| over\n.*\| - \| 5 s \| not measured\n/,
  )
})

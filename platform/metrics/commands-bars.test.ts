import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppMetrics } from '#contract/metrics.ts'
import { renderTable } from '#runtime/cli/table.ts'
import { columnsOf, renderBars } from './commands-bars.ts'
import { renderMetrics } from './commands-metrics.ts'

const at = (second: number) => new Date(Date.parse('2026-01-01T10:00:00.000Z') + second * 1000).toISOString()

test('a column shows the highest value of its time, and nothing where nothing was measured', () => {
  const values = [
    { at: at(0), value: 1 },
    { at: at(5), value: 4 },
    { at: at(30), value: 0 },
  ]
  assert.deepEqual(columnsOf(values, { from: at(0), to: at(40) }, 4), [4, undefined, undefined, 0])
})

test('zero is the lowest block, the top the tallest, and a gap is neither', () => {
  assert.equal(renderBars([0, 0.1, 5, 10, undefined], 10), '▁▂▅█·')
  assert.equal(renderBars([0, 0], 0), '▁▁')
})

const metrics = {
  range: '1h',
  stepS: 10,
  from: at(0),
  to: at(3600),
  traffic: [
    { at: at(0), requests: 1000, clientErrors: 0, serverErrors: 0, latencyMs: 1 },
    { at: at(10), requests: 10, clientErrors: 2, serverErrors: 1, latencyMs: 102 },
  ],
  instances: [],
  limits: { memoryBytes: 536_870_912, cpus: 1 },
  releases: [],
} satisfies AppMetrics

test('the figures of the whole time weigh each answer the same, and lines fit the terminal', () => {
  const text = renderMetrics(metrics, 80, (columns, rows) => renderTable(columns, rows, 80))
  assert.match(text, /requests .* 1\.0 \/s .*1010 in all/)
  assert.match(text, /latency .* 102 ms .*2\.0 ms on average/)
  assert.ok(text.split('\n').every((line) => [...line].length <= 80))
})

test('an app that nobody has counted yet has no picture', () => {
  const text = renderMetrics({ ...metrics, traffic: [] }, 80, () => '')
  assert.equal(text, 'Nothing was counted in this time (1h).\n')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DrillResult } from '#contract/drill-result.ts'
import { MaruError } from '#contract/errors.ts'
import { evidenceOfDrill } from './evidence-of-drill.ts'

const NOW = new Date('2026-03-10T12:00:00Z')
const result = (change: Partial<DrillResult> = {}): DrillResult => ({
  drill: 'database-primary-dies',
  promises: ['BAK-2'],
  startedAt: '2026-03-10T11:58:00Z',
  finishedAt: '2026-03-10T11:59:00Z',
  place: 'lab',
  setUp: 'A writer writes through the proxy.',
  fault: 'kill -9 of the primary',
  measures: [{ name: 'Until the next acknowledged write', value: 4.2, unit: 's', limit: 15 }],
  passed: true,
  result: 'Writes went on and none was lost.',
  ...change,
})
const refusal = (change: Partial<DrillResult>) => {
  try {
    evidenceOfDrill(result(change), NOW)
  } catch (error) {
    assert.ok(error instanceof MaruError)
    return error.params.field
  }
  return assert.fail('it was accepted')
}

test('a drill becomes evidence from the moment when it ended, with its figures and limits', () => {
  const { source, name, at, passed, facts, durationMs } = evidenceOfDrill(result(), NOW)
  assert.deepEqual([source, name, passed, durationMs], ['drill', 'database-primary-dies', true, 60_000])
  assert.equal(at, '2026-03-10T11:59:00.000Z')
  assert.deepEqual(facts[1], {
    name: 'Until the next acknowledged write',
    value: '4.2 s (limit 15 s)',
  })
})

test('what happened when is a fact, too, in one line', () => {
  const marks = [
    { label: 'fault', atS: 0, source: null },
    { label: 'first success', atS: 1.304, source: null },
  ]
  const timeLine = { faultAt: '2026-03-10T11:58:30Z', stages: [], marks }
  assert.deepEqual(evidenceOfDrill(result({ timeLine }), NOW).facts.at(-1), {
    name: 'Time line',
    value: 'fault 0 s, first success 1.30 s',
  })
  assert.ok(!evidenceOfDrill(result(), NOW).facts.some(({ name }) => name === 'Time line'))
})

test('a drill cannot pass over its own limit', () => {
  const measures = [{ name: 'Lost writes', value: 1, unit: 'writes', limit: 0 }]
  assert.equal(refusal({ measures }), 'passed')
  assert.equal(evidenceOfDrill(result({ measures, passed: false }), NOW).passed, false)
})

test('what was not measured is said to be so, and is no pass', () => {
  const measures = [{ name: 'Lost writes', value: null, unit: 'writes', limit: 0 }]
  assert.equal(refusal({ measures }), 'passed')
  const { passed, facts } = evidenceOfDrill(result({ measures, passed: false }), NOW)
  assert.equal(passed, false)
  assert.deepEqual(facts[1], { name: 'Lost writes', value: 'not measured (limit 0 writes)' })
})

test('a drill that ended tomorrow, or before it began, is refused', () => {
  assert.equal(refusal({ finishedAt: '2026-03-11T12:00:00Z' }), 'finishedAt')
  assert.equal(refusal({ finishedAt: '2026-03-10T11:57:00Z' }), 'finishedAt')
})

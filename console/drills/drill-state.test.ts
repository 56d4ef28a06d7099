import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DrillEntry } from '#contract/drills.ts'
import { figureText, stateOf } from './drill-state.ts'

const NOW = new Date('2026-03-10T12:00:00Z')
const drill = (passed: boolean | null, validUntil: string | null) =>
  ({ last: passed === null ? null : { passed }, validUntil }) as Pick<DrillEntry, 'last' | 'validUntil'>

test('a drill never ran, passed, did not pass, or passed too long ago to prove anything', () => {
  assert.equal(stateOf(drill(null, null), NOW), 'never run')
  assert.equal(stateOf(drill(true, '2026-03-11T12:00:00Z'), NOW), 'passed')
  assert.equal(stateOf(drill(true, '2026-03-10T11:59:59Z'), NOW), 'too old')
  assert.equal(stateOf(drill(false, '2026-03-10T11:59:59Z'), NOW), 'not passed')
})

test('figures stand against their limits', () => {
  assert.equal(figureText(1.3149, 5, 's'), '1.31 of 5 s')
  assert.equal(figureText(0, 0, 'writes'), '0 of 0 writes')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameProblem, rowsOf, withoutChange } from './config-draft.ts'

test('the draft stands on top of what is stored', () => {
  const rows = rowsOf(['B', 'A', 'C'], { A: '1', C: null, D: '' }, undefined)
  assert.deepEqual(
    rows.map(({ name, value, change }) => [name, value, change]),
    [
      ['A', '1', 'changed'],
      ['B', undefined, 'none'],
      ['C', undefined, 'removed'],
      ['D', '', 'new'],
    ],
  )
})

test('shown values appear where nothing was changed', () => {
  assert.deepEqual(rowsOf(['A'], {}, { A: 'secret' }), [{ name: 'A', value: 'secret', change: 'none' }])
})

test('a change can be taken back', () => {
  assert.deepEqual(withoutChange({ A: '1', B: null }, 'A'), { B: null })
})

test('a name that is taken, reserved or malformed says why', () => {
  assert.match(nameProblem('A', ['A']) ?? '', /already/)
  assert.match(nameProblem('PORT', []) ?? '', /set by the platform/)
  assert.match(nameProblem('1 x', []) ?? '', /^The name /)
  assert.equal(nameProblem('API_KEY', []), undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KNOWN_PROMISES } from '#contract/promises.ts'
import { REQUIREMENTS } from '#platform/trust/requirements.ts'
import { CHECKS } from './compose.ts'

test('checks have names of their own, count longer than their interval, and the look at all layers is the last', () => {
  const names = CHECKS.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const { name, everyS, validS } of CHECKS) assert.ok(validS >= everyS * 3, name)
  assert.equal(names.at(-1), 'trust.layers')
})

test('every check that a promise needs is there and names the promise, and the other way round', () => {
  for (const id of KNOWN_PROMISES) {
    const needed = REQUIREMENTS[id].needs.filter((name) => name.includes('.'))
    const naming = CHECKS.filter(({ promises }) => promises.includes(id)).map(({ name }) => name)
    assert.deepEqual(needed.toSorted(), naming.toSorted(), id)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alternating, median, percentile } from './statistics.ts'

test('the median is the middle, or between the two middle ones', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([4, 1, 2, 100]), 3)
  assert.throws(() => median([]), /no values/)
})

test('percentiles are values that were measured', () => {
  const values = Array.from({ length: 200 }, (_, index) => index + 1).reverse()
  assert.equal(percentile(values, 50), 100)
  assert.equal(percentile(values, 99), 198)
  assert.equal(percentile([7], 99), 7)
  assert.throws(() => percentile([], 50), /no values/)
})

test('nobody is always first', () => {
  assert.deepEqual(alternating(['a', 'b', 'c'], 3), [
    ['a', 'b', 'c'],
    ['c', 'b', 'a'],
    ['a', 'b', 'c'],
  ])
})

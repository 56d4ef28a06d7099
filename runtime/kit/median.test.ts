import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median } from './median.ts'

test('the median is the middle, or between the two middle ones', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([4, 1, 2, 100]), 3)
  assert.throws(() => median([]), /no values/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, middleMean } from './median.ts'

test('the median is the middle, or between the two middle ones', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([4, 1, 2, 100]), 3)
  assert.throws(() => median([]), /no values/)
})

test('the mean of the middle half leaves out as many of the lowest as of the highest', () => {
  assert.equal(middleMean([100, 1, 5, 4, 6, 3, 5, -900]), 4.25)
  assert.equal(middleMean([2, 4, 9]), 5)
  assert.throws(() => middleMean([]), /no values/)
})

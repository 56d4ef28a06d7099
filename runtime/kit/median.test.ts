import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, middleMean, middleMeanError } from './median.ts'

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

test('the error of the mean of the middle half is what such means scatter by', () => {
  let state = 1
  // Numerical Recipes' generator; twelve of its numbers are as good as normally distributed, with a deviation of one.
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const normal = () => Array.from({ length: 12 }, next).reduce((sum, value) => sum + value, -6)
  const samples = Array.from({ length: 2000 }, () => Array.from({ length: 16 }, normal))
  const means = samples.map(middleMean)
  const scatter = Math.sqrt(means.reduce((sum, value) => sum + value ** 2, 0) / means.length)
  const said = samples.map(middleMeanError).reduce((sum, value) => sum + value, 0) / samples.length
  assert.ok(Math.abs(said / scatter - 1) < 0.1, `${said} is said, ${scatter} is so`)
})

test('one odd value does not make the error of the mean of the middle half greater', () => {
  const steady = [4, 5, 6, 5, 4, 6, 5, 5]
  assert.equal(middleMeanError([...steady.slice(1), 900]), middleMeanError([...steady.slice(1), 7]))
  assert.throws(() => middleMeanError([1]), /nothing is known/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alternating, medianWithin, percentile, sameTurns } from './statistics.ts'

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

test('a median is said with what it lies within, by the table of the sign test', () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1).reverse()
  assert.equal(medianWithin(upTo(5)), undefined)
  assert.deepEqual(medianWithin(upTo(6)), [1, 6])
  assert.deepEqual(medianWithin(upTo(10)), [2, 9])
  assert.deepEqual(medianWithin(upTo(20)), [6, 15])
  assert.deepEqual(medianWithin(upTo(70)), [27, 44])
})

test('what is measured seldom is held against the same turns of the other', () => {
  const often = [1, 2, 3, 4].map((value, round) => ({ round, value }))
  const seldom = [
    { round: 0, value: 10 },
    { round: 2, value: 30 },
  ]
  assert.deepEqual(sameTurns(often, seldom), [
    [1, 3],
    [10, 30],
  ])
})

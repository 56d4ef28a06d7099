import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRates } from './rates.ts'

const COUNTED = [{ address: '203.0.113.1', perSecond: 1_000 }]
const reading = (packets: number) => new Map([['203.0.113.1', packets]])

test('more than the limit is told of with how long it lasts, and forgotten when it is less', () => {
  const rates = makeRates()
  const note = (packets: number, second: number) => rates.note(COUNTED, reading(packets), second * 1_000)
  note(5_000_000, 0)
  assert.deepEqual(rates.above(), [], 'what was before the first reading is nobody’s flood')
  note(5_001_000, 1)
  assert.deepEqual(rates.above(), [{ address: '203.0.113.1', limit: 1_000, perSecond: 1_000, forS: 1 }])
  note(5_011_000, 3)
  assert.deepEqual(rates.above(), [{ address: '203.0.113.1', limit: 1_000, perSecond: 5_000, forS: 3 }])
  note(5_011_999, 4)
  assert.deepEqual(rates.above(), [])
  note(5_013_000, 5)
  assert.equal(rates.above()[0]?.forS, 1, 'it begins anew')
})

test('a counter that was made anew, or is not there, is no flood', () => {
  const rates = makeRates()
  rates.note(COUNTED, reading(9_000_000), 0)
  rates.note(COUNTED, reading(50_000), 1_000)
  assert.deepEqual(rates.above(), [])
  rates.note(COUNTED, new Map(), 2_000)
  rates.note(COUNTED, reading(90_000), 3_000)
  assert.deepEqual(rates.above(), [])
})

test('two limits at one address are told of apart', () => {
  const rates = makeRates()
  const both = [...COUNTED, { address: '203.0.113.1', perSecond: 5_000 }]
  rates.note(both, reading(0), 0)
  rates.note(both, reading(3_000), 1_000)
  assert.deepEqual(
    rates.above().map(({ limit }) => limit),
    [1_000],
  )
})

test('what comes is told of beside the most of an hour', () => {
  const rates = makeRates()
  const note = (packets: number, second: number) => rates.note(COUNTED, reading(packets), second * 1_000)
  note(0, 0)
  assert.deepEqual(rates.measured(), [])
  note(700, 1)
  note(750, 2)
  assert.deepEqual(rates.measured(), [{ address: '203.0.113.1', perSecond: 50, highest: 700 }])
  note(750, 3_700)
  assert.equal(rates.measured()[0]?.highest, 0, 'after an hour it is forgotten')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeTally } from './tally.ts'

const at = (minute: number, second = 0) => Date.UTC(2030, 0, 1, 12, minute, second)
const reading = (judged: number, refused = 0, kept_out = 0, flooded = 0) => ({
  judged,
  refused,
  kept_out,
  flooded,
})

test('what comes between two readings belongs to the minute that is over', () => {
  const tally = makeTally()
  assert.equal(tally.isDue(at(0, 10)), true)
  assert.equal(tally.note(reading(1_000, 50), at(0, 10), 1), false, 'what was before it belongs to nobody')
  assert.equal(tally.isDue(at(0, 59)), false)
  assert.equal(tally.isDue(at(1, 2)), true)
  assert.equal(tally.note(reading(1_100, 53, 2, 1), at(1, 2), 2), true)
  assert.equal(
    tally.note(reading(1_100, 53, 2, 1), at(2, 1), 3),
    true,
    'a minute without packets is told, too',
  )
  assert.deepEqual(tally.since(0), [
    { at: '2030-01-01T12:00:00.000Z', ...reading(100, 3, 2, 1) },
    { at: '2030-01-01T12:01:00.000Z', ...reading(0) },
  ])
  assert.equal(tally.since(2).length, 1)
})

test('counters that were made anew begin at nought', () => {
  const tally = makeTally()
  tally.note(reading(1_000, 50), at(0), 1)
  tally.note(reading(7, 60), at(1), 2)
  const [first] = tally.since(1)
  assert.deepEqual([first?.judged, first?.refused], [7, 10])
})

test('two hours are kept for who asks late, and no more', () => {
  const tally = makeTally()
  for (let minute = 0; minute <= 300; minute++) tally.note(reading(minute), at(minute), minute)
  const kept = tally.since(0)
  assert.equal(kept.length, 120)
  assert.equal(kept.at(-1)?.at, new Date(at(299)).toISOString())
})

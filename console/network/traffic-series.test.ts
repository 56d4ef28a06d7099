import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkTraffic } from '#contract/guard.ts'
import { eventMoments, kindsOf, packetMoments, sumsOf } from './traffic-series.ts'

const at = (minute: number) => `2026-03-10T12:${String(minute).padStart(2, '0')}:00.000Z`
const TRAFFIC: NetworkTraffic = {
  range: '24h',
  stepS: 300,
  from: at(0),
  to: at(15),
  counts: [
    { at: at(0), judged: 1_000, refused: 50, kept_out: 5, flooded: 0 },
    { at: at(10), judged: 10, refused: 10, kept_out: 0, flooded: 20 },
  ],
  events: [
    { at: at(5), kind: 'scan', count: 3 },
    { at: at(10), kind: 'brand new', count: 1 },
    { at: at(10), kind: 'flood', count: 2 },
  ],
}

test('packets are shown by the minute, and what nobody counted is a gap', () => {
  assert.deepEqual(
    packetMoments(TRAFFIC).map(({ passed, refused, flooded }) => [passed, refused, flooded]),
    [
      [190, 10, 0],
      [null, null, null],
      [0, 2, 4],
    ],
  )
})

test('a step without events has none of them; a kind that the page does not know is shown, too', () => {
  assert.deepEqual(kindsOf(TRAFFIC), ['scan', 'flood', 'brand new'])
  assert.deepEqual(
    eventMoments(TRAFFIC).map(({ at: _, ...kinds }) => Object.values(kinds)),
    [
      [0, 0, 0],
      [3, 0, 0],
      [0, 2, 1],
    ],
  )
})

test('a range is summed up', () => {
  assert.deepEqual(sumsOf(TRAFFIC), { judged: 1_010, refused: 60, stopped: 25, events: 6 })
})

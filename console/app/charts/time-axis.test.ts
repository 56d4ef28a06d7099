import assert from 'node:assert/strict'
import { test } from 'node:test'
import { momentText, releaseMarks, ticksOf } from './time-axis.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 2, 10, 12, minute)).toISOString()
const HOUR = { range: '1h', from: at(7), to: at(67) } as const

test('an hour is marked at its quarters, wherever it begins', () => {
  const minutes = ticksOf(HOUR).map((tick) => new Date(tick).getUTCMinutes() % 15)
  assert.deepEqual(minutes, [0, 0, 0, 0])
})

test('a day is marked at full hours of the reader', () => {
  const ticks = ticksOf({ range: '24h', from: at(7), to: at(7 + 24 * 60) })
  assert.deepEqual(
    ticks.map((tick) => new Date(tick).getHours() % 6),
    [0, 0, 0, 0],
  )
})

test('of releases that are near to each other only the newest has its name, and every one has its mark', () => {
  const releases = [1, 2, 3].map((version) => ({
    at: at(8 + version + (version === 3 ? 30 : 0)),
    version,
    reason: 'deploy',
    ok: version !== 2,
  })) as never
  assert.deepEqual(
    releaseMarks({ ...HOUR, releases }).map(({ label, ok }) => [label, ok]),
    [
      ['v3', true],
      ['v2', false],
      ['', true],
    ],
  )
})

test('a moment of the picture of an hour has its seconds', () => {
  assert.match(momentText(Date.parse(at(7)), '1h'), /^\d\d:\d\d:00$/)
})

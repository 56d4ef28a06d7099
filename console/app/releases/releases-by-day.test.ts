import assert from 'node:assert/strict'
import { test } from 'node:test'
import { releasesByDay } from './releases-by-day.ts'

const NOW = new Date('2026-03-10T12:00:00Z')
const made = (createdAt: string, state: 'serving' | 'failed' | 'superseded' = 'superseded') => ({
  createdAt: createdAt as never,
  state,
})

test('releases are counted by day, failed ones apart, old ones left out', () => {
  const days = releasesByDay(
    [
      made('2026-03-10T11:00:00Z', 'serving'),
      made('2026-03-10T10:00:00Z', 'failed'),
      made('2026-03-08T12:00:00Z'),
      made('2025-03-10T11:00:00Z'),
    ],
    NOW,
    3,
  )
  assert.deepEqual(
    days.map(({ good, failed }) => `${good} ${failed}`),
    ['1 0', '0 0', '1 1'],
  )
})

test('thirty days stand there even without releases', () => {
  assert.equal(releasesByDay([], NOW).length, 30)
})

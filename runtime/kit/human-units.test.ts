import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ago, bytes, counted, elapsed } from './human-units.ts'

const now = new Date('2026-03-10T12:00:00Z')

test('ages are told in one unit', () => {
  const cases: Array<[string, string]> = [
    ['2026-03-10T12:00:05Z', 'just now'],
    ['2026-03-10T11:59:18Z', '42 s ago'],
    ['2026-03-10T11:15:30Z', '44 min ago'],
    ['2026-03-09T11:00:00Z', '25 h ago'],
    ['2026-03-01T12:00:00Z', '9 days ago'],
    ['2025-12-24T12:00:00Z', '2025-12-24'],
  ]
  for (const [at, expected] of cases) assert.equal(ago(at, now), expected)
})

test('elapsed times and sizes round as people do', () => {
  assert.deepEqual([40, 840, 9949, 9999, 61_000, 125_400].map(elapsed), [
    '0.0 s',
    '0.8 s',
    '9.9 s',
    '10 s',
    '1 min 1 s',
    '2 min 5 s',
  ])
  assert.deepEqual([0, 532, 999, 1000, 34_500, 999_999, 3_400_000].map(bytes), [
    '0 B',
    '532 B',
    '999 B',
    '1.0 kB',
    '35 kB',
    '1.0 MB',
    '3.4 MB',
  ])
  assert.equal(counted(1, 'file'), '1 file')
  assert.equal(counted(0, 'file'), '0 files')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findMoments, type RecordedLine } from './recorded-moments.ts'

const FAULT = new Date('2026-11-25T23:29:35.839Z')

/** As they were written when a primary was killed on a busy machine: lines reached the engine up to 0.5 s late. */
const LINES: RecordedLine[] = [
  [
    'postgres-1',
    '2026-11-25T23:29:35.700000000Z',
    '2026-11-25 23:29:35,655 WARNING: Postgresql is not running.',
  ],
  [
    'postgres-1',
    '2026-11-25T23:29:36.640241388Z',
    '2026-11-25 23:29:36,335 WARNING: Postgresql is not running.',
  ],
  [
    'postgres-1',
    '2026-11-25T23:29:36.846326275Z',
    '2026-11-25 23:29:36,829 INFO: Primary crashed. Failing over.',
  ],
  [
    'pgproxy',
    '2026-11-25T23:29:36.900000000Z',
    'Server primary/postgres-1 is UP, reason: Layer7 check passed',
  ],
  [
    'postgres-2',
    '2026-11-25T23:29:37.692594211Z',
    '2026-11-25 23:29:37,677 INFO: promoted self to leader by acquiring session lock',
  ],
  [
    'postgres-2',
    '2026-11-25T23:29:37.692627913Z',
    '2026-11-25 23:29:37.689 UTC [106] @ LOG:  received promote request',
  ],
  [
    'pgproxy',
    '2026-11-25T23:29:37.675577075Z',
    'Server primary/postgres-2 is UP, reason: Layer7 check passed, code: 200',
  ],
].map(([component = '', at = '', line = '']) => ({ component, at, line }))

const found = (lines: readonly RecordedLine[]) =>
  findMoments(lines, FAULT, 'postgres-1').map(({ label, at, source }) => [
    label,
    at.toISOString().slice(17, 23),
    source,
  ])

test('Patroni says when it noticed and decided, by its own clock; the proxy when it followed, and not to the old primary', () => {
  assert.deepEqual(found(LINES), [
    ['detection', '36.335', 'log of Patroni on postgres-1'],
    ['decision', '37.677', 'log of Patroni on postgres-2'],
    ['proxy switched', '37.675', 'log of the proxy before the pair'],
  ])
})

test('where the old primary says nothing, the other one notices when it asks around', () => {
  const line = {
    component: 'postgres-2',
    at: '2026-11-25T23:29:37.426425551Z',
    line: "2026-11-25 23:29:37,419 WARNING: Request failed to postgres-1: GET https://10.186.0.11:8008/patroni ('xlog')",
  }
  assert.deepEqual(found([line]), [['detection', '37.419', 'log of Patroni on postgres-2']])
})

test('what nobody wrote down is left out', () => {
  assert.deepEqual(found([]), [])
  assert.deepEqual(found(LINES.slice(0, 1)), [])
})

test('a standby that has gone: the primary decides to wait for it no longer, and what it finds when it is back is no detection', () => {
  const lines = [
    [
      'postgres-1',
      '2026-11-25 23:29:38,101',
      "INFO: Updating synchronous privilege temporarily from ['postgres-2'] to []",
    ],
    ['postgres-2', '2026-11-25 23:29:37,002', 'WARNING: Postgresql is not running.'],
    ['postgres-1', '2026-11-25 23:29:52,007', "INFO: Assigning synchronous standby status to ['postgres-2']"],
  ].map(([component = '', time = '', words = '']) => ({
    ...{ component, at: `${time.replace(' ', 'T').replace(',', '.')}Z`, line: `${time} ${words}` },
  }))
  assert.deepEqual(found(lines), [['decision', '38.101', 'log of Patroni on postgres-1']])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSeen } from './steady-load.ts'

const WELL = { answered: 100, refused: 0, silentS: 0 }
const printed = (more: object = {}) =>
  `Running 60m test\nSEEN ${JSON.stringify({ threads: [WELL, WELL], broken: 0, late: 0, slowestUs: 95_580, ...more })}\n`

test('what was answered, and the slowest of it', () => {
  const seen = { requests: 200, failed: 0, failures: [], slowestMs: 95.58 }
  assert.deepEqual(readSeen(printed()), seen)
})

test('broken connections, late answers and other answers than 200 have failed', () => {
  const threads = [WELL, { ...WELL, refused: 3 }]
  const { requests, failed, failures } = readSeen(printed({ threads, broken: 2, late: 1 }))
  assert.deepEqual([requests, failed], [202, 6])
  assert.deepEqual(failures, ['2 broken', '1 late', '3 answered with another status'])
})

test('a connection that hears nothing any more is a request that failed', () => {
  const threads = [WELL, { answered: 0, refused: 0, silentS: 7 }]
  const { requests, failed, slowestMs } = readSeen(printed({ threads }))
  assert.deepEqual([requests, failed, slowestMs], [101, 1, 7000])
})

test('one that could not begin is no load without a failure', () => {
  assert.throws(() => readSeen('unable to resolve'), /unable to resolve/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLog } from './load.ts'

const START_US = 1_700_000_000_000_000
/** One request every 10 ms, each answered after `ms`. */
const logOf = (count: number, ms: number, status = 200) =>
  Array.from({ length: count }, (_, n) => `${START_US + n * 10_000}\t${status}\t${ms * 1000}`).join('\n')

test('requests are counted, and the warm-up is left out', () => {
  const { requestsPerS, p50Ms, p99Ms } = readLog(logOf(300, 5), 2)
  assert.equal(requestsPerS, 100)
  assert.deepEqual([p50Ms, p99Ms], [5, 5])
})

test('the slowest hundredth shows', () => {
  const { p50Ms, p99Ms } = readLog(`${logOf(98, 2)}\n${START_US}\t200\t900000\n${START_US}\t200\t900000`, 10)
  assert.deepEqual([p50Ms, p99Ms], [2, 900])
})

test('a failed request is a failure, not a fast answer', () => {
  assert.throws(() => readLog(logOf(10, 1, 503), 10), /10 requests failed, the first with 503/)
})

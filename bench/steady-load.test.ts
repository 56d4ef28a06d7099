import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSummary } from './steady-load.ts'

/** As wrk 4.1 prints it. */
const printed = (slowest: string, more = '') => `Running 60m test @ https://notes.dev.localhost:8493/health
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.46ms    5.00ms  ${slowest}   96.04%
    Req/Sec     3.91k     1.33k    7.15k    70.69%
  45158 requests in 11.61s, 11.28MB read
${more}Requests/sec:   3890.31
Transfer/sec:      0.97MB
`

test('what was answered, and the slowest of it', () => {
  assert.deepEqual(readSummary(printed('95.58ms')), {
    requests: 45_158,
    failed: 0,
    failures: [],
    slowestMs: 95.58,
  })
  assert.equal(readSummary(printed('1.50s')).slowestMs, 1500)
})

test('connections that broke and other answers than 200 have failed', () => {
  const sockets = '  Socket errors: connect 1, read 2, write 0, timeout 4\n'
  const { requests, failed, failures } = readSummary(
    printed('95.58ms', `${sockets}  Non-2xx or 3xx responses: 3\n`),
  )
  assert.deepEqual([requests, failed], [45_165, 10])
  assert.deepEqual(failures, [sockets.trim(), 'Non-2xx or 3xx responses: 3'])
})

test('one that could not begin is no load without a failure', () => {
  assert.throws(() => readSummary('', 'unable to resolve'), /unable to resolve/)
})

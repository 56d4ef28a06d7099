import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  FAILED_AFTER,
  measureTakeOver,
  PLAIN,
  SILENCE,
  tellFailed,
  tellFailedAfter,
} from './fault-of-hosts.ts'
import type { AcknowledgedRow, FailedRequest } from './host-ledger.ts'
import type { LabHost } from './hosts-place.ts'

const EDGE: LabHost = { name: 'dc2-h1', dataCentre: 'dc2', address: '198.18.2.1', full: true, first: false }
/** The fault was so long ago. */
const AGO_S = 30

let struckMs = 0
/** Each test begins here: files before it may have taken a while. */
const strike = () => {
  struckMs = Math.floor(performance.now()) - AGO_S * 1000
}
/** Times in seconds since the fault. */
const row = (atS: number, edge = EDGE.address): AcknowledgedRow => {
  const atMs = struckMs + atS * 1000
  return { n: 1, token: 'token', server: 'server', asker: 'visitor', begunMs: atMs - 5, atMs, edge }
}
const failure = (kind: FailedRequest['kind'], begunS: number, tookS = 0): FailedRequest => {
  const begunMs = struckMs + begunS * 1000
  const told = { reason: 'status 503', asker: 'visitor', outcome: `${kind}: status 503` }
  return { kind, begunMs, endedMs: begunMs + tookS * 1000, edge: EDGE.address, ...told }
}

function measured(acknowledged: readonly AcknowledgedRow[], failed: readonly FailedRequest[]) {
  const ledger = { acknowledged, failed }
  return measureTakeOver({ ledger, struckMs: () => struckMs } as never, [EDGE])
}

/** A row every second from then on. */
const every = (fromS: number) => Array.from({ length: AGO_S - fromS }, (_, at) => row(fromS + at))

test('the silence is the longest time without a row at the edges that go on', () => {
  strike()
  const east = [row(1, '198.18.1.1'), row(2, '198.18.1.1')]
  const { [SILENCE]: silenceS } = measured([row(-1), ...east, ...every(5)], [])
  assert.ok(silenceS >= 5 && silenceS < 5.1, `${silenceS}`)
})

test('requests that need no database count until the last one was begun that failed, however long it took to', () => {
  strike()
  const { [PLAIN]: plainS } = measured(every(1), [failure('plain', 2.5, 5), failure('write', 6)])
  assert.equal(plainS, 2.5)
  assert.equal(measured(every(1), [failure('plain', -3, 4)])[PLAIN], 0)
})

test('a request has failed after the failover time when it was begun after it', () => {
  strike()
  const failed = [failure('write', 6.9, 5), failure('write', 7.1), failure('plain', 20)]
  assert.equal(measured(every(1), failed)[FAILED_AFTER], 2)
})

test('what failed is told by its reason, with when it was begun', () => {
  strike()
  const failed = [failure('plain', 1.25), failure('write', 0.5), failure('write', 21)]
  assert.deepEqual(tellFailed(failed, struckMs), [
    '2 failed, begun 0.5 to 21 s after the fault: write: status 503',
    '1 failed, begun 1.25 to 1.25 s after the fault: plain: status 503',
  ])
  const watched = { ledger: { failed }, struckMs: () => struckMs } as never
  assert.equal(
    tellFailedAfter(watched, [EDGE]),
    '1 requests failed after the failover time (1 failed, begun 21 to 21 s after the fault: write: status 503)',
  )
  assert.equal(tellFailedAfter(watched, []), '0 requests failed after the failover time')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DRILL_LIMITS, DrillLedger } from '#contract/drill-result.ts'
import { sampleLedger, timesOf } from './ledger-samples.ts'

const entry = (n: number, atMs: number, server = 'one') => ({ n, atMs, server })

test('a ledger keeps every time to the millisecond, by server, and what was lost', () => {
  const entries = [entry(1, 900), entry(2, 950.4), entry(3, 1100, 'two'), entry(4, 1000.6)]
  const ledger = sampleLedger({ of: 'writes', entries, lost: [4] }, 1000)
  assert.deepEqual(ledger.series, [
    { name: 'server 1', firstS: -0.1, gapsMs: [50, 51] },
    { name: 'server 2', firstS: 0.1, gapsMs: [] },
  ])
  assert.deepEqual(ledger.lost, [{ n: 4, atS: 0.001 }])
  assert.deepEqual(timesOf(ledger), [-0.1, -0.05, 0.001, 0.1])
  assert.deepEqual([ledger.total, ledger.leftOut], [4, 0])
})

test('one that is too long keeps what came from shortly before the fault on, and says how much is left out', () => {
  const count = DRILL_LIMITS.ledgerEntries + 10_000
  const entries = Array.from({ length: count }, (_, n) => entry(n, n))
  const ledger = sampleLedger({ of: 'writes', entries, lost: [] }, 8000)
  assert.equal(ledger.leftOut, 10_000)
  assert.equal(ledger.series[0]?.firstS, -5)
  assert.equal(timesOf(ledger).length, DRILL_LIMITS.ledgerEntries)
  DrillLedger.parse(ledger)
})

test('nothing acknowledged is a ledger, too', () => {
  assert.deepEqual(timesOf(sampleLedger({ of: 'writes', entries: [], lost: [] }, 0)), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DRILL_LIMITS, DrillLedger, describeLedger } from '#contract/drill-result.ts'
import { sampleLedger, timesOf } from './ledger-samples.ts'
import { renderLedger } from './ledger-table.ts'

const entry = (n: number, atMs: number, server = 'one', asker = 'writer 1') => ({
  ...{ n, begunMs: atMs - 7, atMs, server, asker },
})

test('a ledger keeps every time to the millisecond, by server, and what was lost', () => {
  const entries = [entry(1, 900), entry(2, 950.4), entry(3, 1100, 'two', 'writer 2'), entry(4, 1000.6)]
  const ledger = sampleLedger({ of: 'writes', entries, failed: [], lost: [4] }, 1000)
  assert.deepEqual(ledger.series, [
    { name: 'server 1', firstS: -0.1, gapsMs: [50, 51], tookMs: [7, 7, 7], askers: [0, 0, 0] },
    { name: 'server 2', firstS: 0.1, gapsMs: [], tookMs: [7], askers: [1] },
  ])
  assert.deepEqual(ledger.askers, ['writer 1', 'writer 2'])
  assert.deepEqual(ledger.lost, [{ n: 4, atS: 0.001 }])
  assert.deepEqual(timesOf(ledger), [-0.1, -0.05, 0.001, 0.1])
  assert.deepEqual([ledger.total, ledger.leftOut], [4, 0])
})

test('one that is too long keeps what came from shortly before the fault on, and says how much is left out', () => {
  const count = DRILL_LIMITS.ledgerEntries + 10_000
  const entries = Array.from({ length: count }, (_, n) => entry(n, n))
  const ledger = sampleLedger({ of: 'writes', entries, failed: [], lost: [] }, 8000)
  assert.equal(ledger.leftOut, 10_000)
  assert.equal(ledger.series[0]?.firstS, -5)
  assert.equal(timesOf(ledger).length, DRILL_LIMITS.ledgerEntries)
  DrillLedger.parse(ledger)
})

test('nothing acknowledged is a ledger, too', () => {
  assert.deepEqual(timesOf(sampleLedger({ of: 'writes', entries: [], failed: [], lost: [] }, 0)), [])
})

test('what failed is kept with who asked, when, and what it was told; too much of it from shortly before the fault on', () => {
  const failed = Array.from({ length: DRILL_LIMITS.failedEntries + 500 }, (_, at) => ({
    ...{ asker: 'writer 2', begunMs: at * 10, endedMs: at * 10 + 4, outcome: 'x'.repeat(300) },
  }))
  const ledger = sampleLedger({ of: 'writes', entries: [entry(1, 1)], failed, lost: [] }, 10_000)
  const { total, leftOut, entries } = ledger.failed ?? assert.fail()
  assert.deepEqual([total, leftOut, entries.length], [2500, 500, 2000])
  assert.deepEqual(entries[0], { asker: 1, askedS: -5, endedS: -4.996, outcome: 'x'.repeat(200) })
  DrillLedger.parse(ledger)
  assert.equal(
    describeLedger(ledger),
    '1 writes, 2500 that failed, 0 lost; 500 are left out, those from the fault on are kept first',
  )
})

test('as a table it says who asked, when, when that ended and how, in the order of the ends', () => {
  const failed = [{ asker: 'writer 2', begunMs: 800, endedMs: 960, outcome: 'it said "no", twice' }]
  const entries = [entry(1, 900), entry(2, 1100, 'two')]
  const table = renderLedger(sampleLedger({ of: 'writes', entries, failed, lost: [2] }, 1000))
  assert.deepEqual(table.trimEnd().split('\r\n'), [
    'asked_s,ended_s,asker,outcome,server',
    '-0.107,-0.100,writer 1,acknowledged,server 1',
    '-0.200,-0.040,writer 2,"failed: it said ""no"", twice",',
    '0.093,0.100,writer 1,acknowledged,server 2',
    ',0.100,,acknowledged and lost: number 2,',
  ])
})

test('the ledger of a version before has no more than it noted', () => {
  const before = {
    of: 'writes',
    total: 1,
    leftOut: 0,
    series: [{ name: 'server 1', firstS: 1, gapsMs: [] }],
    lost: [],
  }
  assert.equal(renderLedger(DrillLedger.parse(before)).split('\r\n')[1], ',1.000,,acknowledged,server 1')
  assert.equal(describeLedger(before), '1 writes, 0 lost')
})

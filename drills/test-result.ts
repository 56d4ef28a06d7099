import type { DrillLedger, DrillResult } from '#contract/drill-result.ts'

/** 50 writes a second until the fault; from 1.3 s after it on, by another server, 40 a second. */
const LEDGER: DrillLedger = {
  of: 'acknowledged writes',
  total: 301,
  leftOut: 0,
  series: [
    { name: 'server 1', firstS: -2, gapsMs: Array<number>(100).fill(20) },
    { name: 'server 2', firstS: 1.3, gapsMs: Array<number>(199).fill(25) },
  ],
  lost: [],
}

/** What a drill of the database's primary hands in. */
export const sampleResult = (change: Partial<DrillResult> = {}): DrillResult => ({
  drill: 'database-primary-dies',
  promises: ['BAK-2', 'REC-2'],
  startedAt: '2026-03-10T11:58:00.000Z',
  finishedAt: '2026-03-10T11:59:00.000Z',
  place: 'lab',
  setUp: 'A writer writes through the proxy.',
  fault: 'kill -9 of the primary',
  measures: [{ name: 'longest time without an acknowledged write', value: 1.31, unit: 's', limit: 5 }],
  passed: true,
  result: 'Of 301 acknowledged writes 0 were lost.',
  timeLine: {
    faultAt: '2026-03-10T11:58:30.000Z',
    stages: [
      { name: 'set-up', fromS: -28, toS: -0.2 },
      { name: 'fault', fromS: -0.2, toS: 0.01 },
      { name: 'measurement', fromS: 0.01, toS: 30 },
    ],
    marks: [
      { label: 'fault', atS: 0, source: null },
      { label: 'detection', atS: 0.42, source: 'log of Patroni on postgres-1' },
      { label: 'decision', atS: 0.93, source: 'log of Patroni on postgres-2' },
      { label: 'first success', atS: 1.3, source: null },
      { label: 'heal', atS: 6.2, source: null },
    ],
  },
  figures: [{ name: 'acknowledged writes', value: 301, unit: 'writes' }],
  versions: [{ name: 'PostgreSQL', version: '17.6' }],
  ledger: LEDGER,
  ...change,
})

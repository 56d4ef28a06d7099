import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostReports } from '#platform/workload/index.ts'
import { aboveNow } from './limits.ts'

const NOW = new Date('2030-01-07T08:00:00Z')

test('what a host that has died said last asks for nothing more, however far above a limit it was', () => {
  const said = (perSecond: number, agoS: number) => ({
    report: { upstream: { above: [{ address: '203.0.113.1', limit: 10_000, perSecond, forS: 31 }] } },
    receivedAt: new Date(NOW.getTime() - agoS * 1000),
  })
  const without = { report: {}, receivedAt: NOW }
  const reports = new Map(
    Object.entries({ alive: said(20_000, 3), dead: said(90_000, 16), other: without }),
  ) as unknown as HostReports
  assert.deepEqual(
    aboveNow(reports, NOW).map(({ perSecond }) => perSecond),
    [20_000],
  )
})

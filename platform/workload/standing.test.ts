import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host } from '#contract/host-view.ts'
import { placementHost } from './standing.ts'
import type { ReceivedReport } from './store.ts'

const AT = new Date('2026-01-01T00:00:00Z')
const host = (more: object = {}) =>
  Host.parse({
    name: 'a1',
    dataCentre: 'east',
    address: '10.0.0.1',
    role: 'full',
    state: 'ready',
    draining: false,
    first: false,
    generation: 1,
    version: '1',
    joinedAt: AT.toISOString(),
    reportedAt: AT.toISOString(),
    certificateExpiresAt: null,
    ...more,
  })
const received = { report: { memoryMb: 8192, runsApps: true }, receivedAt: AT } as ReceivedReport
const standing = (seconds: number, more: object = {}) => placementHost(host(more), received, seconds).standing

test('a host that falls silent first gets nothing new, then loses what it has', () => {
  assert.deepEqual(
    [5, 15, 16, 30, 31].map((seconds) => standing(seconds)),
    ['ready', 'ready', 'quiet', 'quiet', 'lost'],
  )
})

test('a drained host and a witness are to be empty; one that is not ready for apps gets nothing yet', () => {
  assert.equal(standing(1, { state: 'draining' }), 'leaving')
  assert.equal(standing(1, { role: 'witness' }), 'leaving')
  assert.equal(placementHost(host(), undefined).standing, 'quiet')
  const early = { ...received, report: { ...received.report, runsApps: false } }
  assert.equal(placementHost(host(), early, 1).standing, 'quiet', 'it cannot run apps yet')
})

test('of its memory a gigabyte is for the platform', () =>
  assert.equal(placementHost(host(), received, 0).roomMb, 8192 - 1024))

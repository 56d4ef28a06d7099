import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InstanceReport } from '#contract/agent.ts'
import { planMoves, type Resident } from './moves-plan.ts'

const AT = new Date('2026-01-01T00:00:00Z')
const patience = { now: AT, healthyS: 60, drainS: 30, isSettled: true }
const ago = (seconds: number) => new Date(AT.getTime() - seconds * 1000)
const said = (state: InstanceReport['state'], openRequests = 0) => ({ state, openRequests }) as InstanceReport
const resident = (host: string, more: Partial<Resident> = {}): Resident => ({
  key: 'app_x/web.1.v1.0',
  host,
  process: 'web',
  traffic: 'serve',
  placedAt: ago(5),
  leavingSince: null,
  found: said('healthy'),
  isLost: false,
  ...more,
})
const old = (more: Partial<Resident> = {}) => resident('a1', { leavingSince: ago(5), ...more })
const plan = (residents: readonly Resident[], more: Partial<typeof patience> = {}) =>
  planMoves(residents, { ...patience, ...more }).map(({ host, kind }) => `${host} ${kind}`)

test('what stays is left alone', () => assert.deepEqual(plan([resident('a1'), resident('b1')]), []))

test('the old one goes on until the new one is healthy, then gets no more requests', () => {
  assert.deepEqual(plan([old(), resident('b1', { found: said('starting') })]), [])
  assert.deepEqual(plan([old(), resident('b1', { found: undefined })]), [])
  assert.deepEqual(plan([old(), resident('b1')]), ['a1 drain'])
})

test('it goes when its requests have ended and every edge knows, or when its time is over', () => {
  const draining = (openRequests: number, since: number) =>
    old({ traffic: 'drain', found: said('draining', openRequests), leavingSince: ago(since) })
  assert.deepEqual(plan([draining(1, 5), resident('b1')]), [])
  assert.deepEqual(plan([draining(0, 5), resident('b1')], { isSettled: false }), [])
  assert.deepEqual(plan([draining(0, 5), resident('b1')]), ['a1 end'])
  assert.deepEqual(plan([draining(1, 31), resident('b1')], { isSettled: false }), ['a1 end'])
})

test('what has no requests ends when the new one runs', () => {
  const worker = { process: 'worker' }
  assert.deepEqual(plan([old(worker), resident('b1', worker)]), ['a1 end'])
})

test('of two, the one whose host is lost ends', () => {
  assert.deepEqual(plan([old({ isLost: true }), resident('b1', { found: undefined })]), ['a1 end'])
  assert.deepEqual(plan([old(), resident('b1', { isLost: true })]), ['b1 end', 'a1 stay'])
})

test('a new one that does not become healthy in time is given up', () => {
  const late = resident('b1', { found: said('unhealthy'), placedAt: ago(61) })
  assert.deepEqual(plan([old(), late]), ['b1 end', 'a1 stay'])
})

test('an instance whose new place is gone stays where it is', () =>
  assert.deepEqual(plan([old()]), ['a1 stay']))

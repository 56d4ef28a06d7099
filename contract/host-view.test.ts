import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HostView, isReplaceable, leavesOneDataCentre } from './host-view.ts'

const host = (name: string, dataCentre: string, more: Partial<HostView> = {}) =>
  ({ name, dataCentre, state: 'ready', runsApps: true, draining: false, ...more }) as HostView
const EAST = host('a1', 'east')
const WEST = host('b1', 'west')

test('a host can be emptied where another takes instances now', () => {
  assert.equal(isReplaceable([EAST, WEST], 'a1'), true)
  assert.equal(isReplaceable([EAST], 'a1'), false)
  for (const other of [
    host('b1', 'west', { state: 'silent' }),
    host('b1', 'west', { state: 'draining', draining: true }),
    host('b1', 'west', { runsApps: false }),
  ])
    assert.equal(isReplaceable([EAST, other], 'a1'), false)
})

test('the last host of one of two data centres leaves one', () => {
  assert.equal(leavesOneDataCentre([EAST, WEST], 'b1'), true)
  assert.equal(leavesOneDataCentre([EAST, WEST, host('b2', 'west')], 'b1'), false)
  assert.equal(leavesOneDataCentre([EAST, WEST, host('c1', 'north')], 'b1'), false)
})

test('a host that is being emptied is not counted on, except for itself', () => {
  const leaving = { state: 'draining', draining: true } as const
  assert.equal(leavesOneDataCentre([EAST, WEST, host('b2', 'west', leaving)], 'b1'), true)
  assert.equal(leavesOneDataCentre([EAST, host('b1', 'west', leaving)], 'b1'), true)
  assert.equal(leavesOneDataCentre([EAST, WEST, host('b2', 'west', leaving)], 'b2'), false)
})

test('where everything is in one data centre already, nothing gets worse', () => {
  assert.equal(leavesOneDataCentre([EAST, host('a2', 'east')], 'a2'), false)
  assert.equal(leavesOneDataCentre([EAST, host('b1', 'west', { runsApps: false })], 'b1'), false)
})

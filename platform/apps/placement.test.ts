import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PlacementHost, planPlacement, renderPlacement } from '#platform/workload/index.ts'
import { MEMORY_MB } from './place-new.ts'
import { placementOf } from './placement.ts'
import type { InstanceRow } from './tables.ts'

const host = (name: string, more: Partial<PlacementHost> = {}): PlacementHost => ({
  name,
  dataCentre: name.slice(0, 1),
  roomMb: 10 * MEMORY_MB,
  standing: 'ready',
  ...more,
})
const row = (index: number, at: string, more: Partial<InstanceRow> = {}) =>
  ({
    app_id: 'app',
    process: 'web',
    index,
    release: 1,
    epoch: 0,
    host: at,
    leaving_since: null,
    ...more,
  }) as InstanceRow
const plan = (hosts: readonly PlacementHost[], rows: readonly InstanceRow[], busy: readonly string[] = []) =>
  renderPlacement(planPlacement({ ...placementOf(hosts, rows, (app) => busy.includes(app)), movesLeft: 0 }))

test('an instance that is on its way takes memory on both hosts, and is not moved again', () => {
  const rows = [row(1, 'a1', { leaving_since: new Date(0) }), row(1, 'b1'), row(2, 'c1')]
  const { instances, besides } = placementOf([], rows, () => false)
  assert.deepEqual([...(besides ?? [])], [['a1', MEMORY_MB]])
  assert.deepEqual(
    instances.map(({ host: at, still }) => [at, still]),
    [
      ['b1', true],
      ['c1', false],
    ],
  )
  assert.equal(plan([host('a1'), host('b1', { standing: 'leaving' }), host('c1')], rows), 'nothing moves')
})

test('an app that is being changed waits with the drain until that is done', () => {
  const hosts = [host('a1', { standing: 'leaving' }), host('b1')]
  assert.equal(plan(hosts, [row(1, 'a1')], ['app']), 'nothing moves')
  assert.equal(plan(hosts, [row(1, 'a1')]), 'app/web.1.v1.0: a1 → b1 (drain)')
})

test('what leaves a host still takes memory there: nothing else is promised it', () => {
  const hosts = [
    host('a1', { standing: 'leaving' }),
    host('b1', { roomMb: MEMORY_MB }),
    host('c1', { roomMb: 0 }),
  ]
  const rows = [row(1, 'b1', { leaving_since: new Date(0) }), row(1, 'c1'), row(2, 'a1')]
  assert.equal(plan(hosts, rows), 'app/web.2.v1.0: waits for room')
})

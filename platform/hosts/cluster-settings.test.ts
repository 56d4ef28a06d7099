import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canSpare, leaderLast, planSpare, settingsPatch } from './cluster-settings.ts'

test('settings that are as wanted need no patch; what Patroni keeps of its own stays', () => {
  const wanted = { ttl: 20, postgresql: { use_slots: true, parameters: { jit: 'off' } } }
  assert.equal(settingsPatch({ ...wanted, pause: true }, wanted), undefined)
})

test('only what differs is sent, and parameters that nobody wants any more are removed', () => {
  const have = {
    ttl: 30,
    pause: true,
    postgresql: { parameters: { jit: 'on', wal_level: 'replica', old: 1 } },
  }
  const wanted = { ttl: 20, loop_wait: 1, postgresql: { parameters: { jit: 'off', wal_level: 'replica' } } }
  assert.deepEqual(settingsPatch(have, wanted), {
    ttl: 20,
    loop_wait: 1,
    postgresql: { parameters: { jit: 'off', old: null } },
  })
})

const member = (n: number, role: string, state: string) => ({ name: `postgres-${n}`, role, state })

test('a leader is replaced only while another streams synchronously', () => {
  const leader = member(1, 'leader', 'running')
  assert.equal(canSpare([leader, member(2, 'sync_standby', 'streaming')], 'postgres-1'), true)
  assert.equal(canSpare([leader, member(2, 'replica', 'streaming')], 'postgres-1'), false)
  assert.equal(canSpare([leader, member(2, 'sync_standby', 'starting')], 'postgres-1'), false)
  assert.equal(canSpare([leader], 'postgres-1'), false)
})

test('a standby is replaced whatever its state, while there is a leader', () => {
  const broken = member(2, 'replica', 'start failed')
  assert.equal(canSpare([member(1, 'leader', 'running'), broken], 'postgres-2'), true)
  assert.equal(canSpare([member(1, 'replica', 'streaming'), broken], 'postgres-2'), false)
  assert.equal(canSpare([member(1, 'leader', 'running')], 'postgres-2'), true)
})

test('a leader hands over to the member that has everything before it ends; alone it waits', () => {
  const leader = member(1, 'leader', 'running')
  const standby = member(2, 'sync_standby', 'streaming')
  assert.deepEqual(planSpare([leader, standby], 'postgres-1'), { do: 'hand over', to: 'postgres-2' })
  assert.deepEqual(planSpare([leader, standby], 'postgres-2'), { do: 'end' })
  assert.deepEqual(planSpare([leader], 'postgres-1'), { do: 'wait' })
  const after = [member(2, 'leader', 'running'), member(1, 'replica', 'stopped')]
  assert.deepEqual(planSpare(after, 'postgres-1'), { do: 'end' })
})

test('the leader comes last; everything else keeps its place', () => {
  const order = ['etcd', 'postgres-1', 'postgres-2', 'edge']
  const members = [member(1, 'leader', 'running'), member(2, 'sync_standby', 'streaming')]
  assert.deepEqual(
    leaderLast(order, (name) => name, members),
    ['etcd', 'postgres-2', 'postgres-1', 'edge'],
  )
  assert.deepEqual(
    leaderLast(order, (name) => name, []),
    order,
  )
})

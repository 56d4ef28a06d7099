import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LEAST_BYTES, planRoom } from './room-plan.ts'

const PAIR = [
  { name: 'postgres-1', role: 'leader', state: 'running' },
  { name: 'postgres-2', role: 'sync_standby', state: 'streaming' },
]
const FULL = LEAST_BYTES - 1
const rooms = (...free: number[]) => new Map(free.map((bytes, index) => [`postgres-${index + 1}`, bytes]))
const OVER = { leader: 'postgres-1', candidate: 'postgres-2' }

test('a primary whose disk is full hands over to the standby that has room', () => {
  assert.deepEqual(planRoom(PAIR, rooms(FULL, LEAST_BYTES), undefined, 0), OVER)
  assert.equal(planRoom(PAIR, rooms(LEAST_BYTES, FULL), undefined, 0), undefined)
})

test('on one disk both are full, and nothing would be gained', () => {
  assert.equal(planRoom(PAIR, rooms(FULL, FULL), undefined, 0), undefined)
})

test('a standby on another host is trusted to have room; a primary there is that host’s matter', () => {
  assert.deepEqual(planRoom(PAIR, rooms(FULL), undefined, 0), OVER)
  assert.equal(planRoom(PAIR, new Map([['postgres-2', FULL]]), undefined, 0), undefined)
})

test('only a standby that confirms every write takes over, and only from one that leads', () => {
  for (const [role, state] of [
    ['replica', 'streaming'],
    ['sync_standby', 'starting'],
  ] as const) {
    const members = [PAIR[0] ?? assert.fail(), { name: 'postgres-2', role, state }]
    assert.equal(planRoom(members, rooms(FULL), undefined, 0), undefined)
  }
  const stopping = PAIR.map((one) => ({ ...one, state: 'stopping' }))
  assert.equal(planRoom(stopping, rooms(FULL), undefined, 0), undefined)
})

test('it is not tried again for ten minutes', () => {
  assert.equal(planRoom(PAIR, rooms(FULL), 0, 599_999), undefined)
  assert.deepEqual(planRoom(PAIR, rooms(FULL), 0, 600_000), OVER)
})

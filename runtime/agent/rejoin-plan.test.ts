import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PatroniMember } from '#runtime/drivers/patroni-client.ts'
import { IDLE, NOTHING_SEEN, planRejoin, WAITING } from './rejoin-plan.ts'

const LEADER: PatroniMember = { name: 'postgres-1', role: 'leader', state: 'running' }
const second = (state: string, role = 'replica'): PatroniMember => ({ name: 'postgres-2', role, state })
const here = () => true

/** Looks every five seconds; gives the seconds at which the second member was made anew. */
function watch(states: readonly string[], leader: PatroniMember = LEADER, isHere = here): number[] {
  let memory = NOTHING_SEEN
  return states.flatMap((state, index) => {
    const plan = planRejoin([leader, second(state)], isHere, memory, index * 5000)
    memory = plan.memory
    return plan.renew.length > 0 ? [index * 5] : []
  })
}
const times = (count: number, ...states: string[]) =>
  Array.from({ length: count }, (_, index) => states[index % states.length] ?? '')

test('a member that fails to start for a minute is made anew, once in ten minutes', () => {
  assert.deepEqual(watch(times(180, 'start failed')), [60, 660])
})

test('starting again and again is failing too, and so is running without following', () => {
  assert.deepEqual(watch(times(14, 'start failed', 'starting', 'crashed')), [60])
  assert.deepEqual(watch(times(13, 'running')), [60])
})

test('a member whose rewind was cut short waits for ever for WAL of a history that has ended, and is made anew', () => {
  assert.deepEqual(watch(['stopped', 'starting', ...times(5, WAITING)]), [30])
  assert.deepEqual(watch([...times(4, WAITING), ...times(20, 'streaming')]), [])
})

test('a member that nobody starts is made anew after a minute, and one that something is done with is not', () => {
  assert.deepEqual(watch(times(13, IDLE)), [60])
  assert.deepEqual(watch([...times(12, IDLE), ...times(30, 'stopped'), ...times(12, IDLE)]), [])
})

test('a member at work is left alone, however long it takes', () => {
  for (const state of ['starting', 'stopped', 'stopping', 'creating replica', 'streaming'])
    assert.deepEqual(watch(times(100, state)), [], state)
  const rewound = [...times(30, 'stopped'), 'starting', 'running', 'streaming']
  assert.deepEqual(watch(rewound), [])
})

test('the minute begins again after every sign of life', () => {
  assert.deepEqual(watch([...times(12, 'start failed'), 'streaming', ...times(12, 'start failed')]), [])
})

test('nothing is made anew without a primary to copy from, nor on another host, nor the leader itself', () => {
  assert.deepEqual(watch(times(30, 'start failed'), { ...LEADER, state: 'stopping' }), [])
  assert.deepEqual(
    watch(times(30, 'start failed'), LEADER, () => false),
    [],
  )
  const alone = planRejoin([{ ...LEADER, state: 'crashed' }, LEADER], here, NOTHING_SEEN, 0)
  assert.deepEqual(alone.renew, [])
  assert.equal(alone.memory.failingSince.size, 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeHolds, type Hold, settleHolds } from './ledger.ts'
import type { Member } from './members.ts'

const NOW = Date.parse('2030-01-01T12:00:00Z')
const HOUR = 3_600_000
const member = (leftS: number, address = '192.0.2.1', set = 'held4'): Member => ({ set, address, leftS })
const hold = (began: readonly number[], until: number): Hold => ({
  set: 'held4',
  address: '192.0.2.1',
  began,
  until,
  reason: 'r',
})
const settle = (
  remembered: readonly Hold[],
  members: readonly Member[],
  lifted: Array<{ source: string; at: string }> = [],
  now = NOW,
) => settleHolds(remembered, members, [], lifted, () => undefined, now)

test('the first hold has the time that the kernel gave it', () => {
  const { holds, changes } = settle([], [member(599)])
  assert.deepEqual(changes, [])
  assert.equal(holds[0]?.until, NOW + 600_000)
})

test('who is held again within a day is held for longer', () => {
  const second = settle([hold([NOW - HOUR], NOW - HOUR / 2)], [member(600)])
  assert.deepEqual(second.changes, [{ set: 'held4', address: '192.0.2.1', leftS: 3600 }])
  const third = settle([hold([NOW - 3 * HOUR, NOW - 2 * HOUR], NOW - HOUR)], [member(600)])
  assert.deepEqual(third.changes, [{ set: 'held4', address: '192.0.2.1', leftS: 86_400 }])
  const later = settle([hold([NOW - 25 * HOUR], NOW - 24.5 * HOUR)], [member(600)])
  assert.equal(later.holds[0]?.until, NOW + 600_000)
})

test('who is remembered and not in the kernel is put back with the time that is left', () => {
  const { changes } = settle([hold([NOW - HOUR / 2], NOW + HOUR / 2)], [])
  assert.deepEqual(changes, [{ set: 'held4', address: '192.0.2.1', leftS: 1800 }])
})

test('a hold that is over is not put back, and is forgotten after a day', () => {
  const over = settle([hold([NOW - HOUR], NOW - 1)], [])
  assert.deepEqual([over.changes, over.holds.length], [[], 1])
  assert.equal(settle([hold([NOW - 25 * HOUR], NOW - 24 * HOUR)], []).holds.length, 0)
})

test('who was lifted is let go, and a hold that began later stays', () => {
  const at = new Date(NOW - 1_000).toISOString()
  const lifted = settle([hold([NOW - HOUR], NOW + HOUR)], [member(3_600)], [{ source: '192.0.2.1', at }])
  assert.deepEqual(lifted.changes, [{ set: 'held4', address: '192.0.2.1', leftS: 0 }])
  assert.deepEqual(lifted.holds, [])
  const again = settle([hold([NOW], NOW + HOUR)], [member(3_600)], [{ source: '192.0.2.1', at }])
  assert.deepEqual([again.changes, again.holds.length], [[], 1])
  const much = NOW + HOUR
  const anew = settle([], [member(600)], [{ source: '192.0.2.1', at }], much)
  assert.equal(anew.holds[0]?.until, much + 600_000)
})

test('who searches for long is held, in the set of his family', () => {
  const wanted = [{ address: '2001:db8::', reason: 'slow' }]
  const { holds, changes } = settleHolds([], [], wanted, [], () => undefined, NOW)
  assert.deepEqual(changes, [{ set: 'held6', address: '2001:db8::', leftS: 600 }])
  assert.deepEqual(describeHolds(holds, NOW), [
    {
      source: '2001:db8::/64',
      kind: 'held',
      since: new Date(NOW).toISOString(),
      until: new Date(NOW + 600_000).toISOString(),
      reason: 'slow',
      times: 1,
    },
  ])
})

test('an instance is held for ten minutes each time', () => {
  const before: Hold = { ...hold([NOW - HOUR, NOW - HOUR / 2], NOW - 1), set: 'inheld' }
  const { holds, changes } = settle([before], [member(600, '192.0.2.1', 'inheld')])
  assert.deepEqual(changes, [])
  assert.equal(holds[0]?.until, NOW + 600_000)
})

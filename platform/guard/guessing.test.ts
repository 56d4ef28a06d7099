import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GUARD_LIMITS } from '#contract/guard.ts'
import type { Guesser } from '#platform/edge/index.ts'
import { judgeGuessers } from './guessing.ts'
import { describeHolds, settleHolds } from './ledger.ts'

const NOW = Date.parse('2030-01-07T08:00:00Z')
const LIMIT = GUARD_LIMITS.turnedAwaySignIns
const seen = (more: Partial<Guesser> = {}): Guesser => ({
  ...{ address: '203.0.113.7', failed: 50, turnedAway: LIMIT, leftS: 0 },
  ...more,
})
const judge = (one: Guesser, orders: Partial<Parameters<typeof judgeGuessers>[1]> = {}) =>
  judgeGuessers([one], { partners: [], engagements: [], ...orders }, ['192.0.2.10'], NOW)
const window = { from: '2030-01-07T07:00:00Z', until: '2030-01-07T09:00:00Z' }

test('who is turned away is told of; who goes on for so long is held', () => {
  const [early] = judge(seen({ turnedAway: LIMIT - 1 }))
  assert.equal(early?.wanted, undefined)
  assert.match(
    early?.message ?? '',
    /^203\.0\.113\.7 failed to sign in 50 times .* is turned away at the edge\.$/,
  )
  const [late] = judge(seen())
  assert.deepEqual([late?.wanted?.set, late?.wanted?.address], ['signin', '203.0.113.7'])
  assert.match(late?.message ?? '', /may not sign in for a while\.$/)
})

test('who is held already is held on, not anew; who goes on when it is over is held again', () => {
  assert.equal(judge(seen({ leftS: 60, failed: 0 }))[0]?.wanted, undefined)
  assert.match(judge(seen({ failed: 0 }))[0]?.wanted?.reason ?? '', /went on guessing passwords, 50 times/)
})

test('partners, hosts and the host itself are not judged; a test that was agreed on is told of and not held', () => {
  assert.deepEqual(judge(seen(), { partners: ['203.0.113.0/24'] }), [])
  assert.deepEqual(judge(seen({ address: '192.0.2.10' })), [])
  assert.deepEqual(judge(seen({ address: '127.0.0.1' })), [])
  assert.deepEqual(judge(seen({ address: '::' })), [])
  assert.deepEqual(judge(seen({ address: '2001:db8:7::' }), { partners: ['2001:db8:7::9'] }), [])
  const [tester] = judge(seen(), { engagements: [{ source: '203.0.113.7', ...window }] })
  assert.deepEqual([tester?.agreed, tester?.wanted], [true, undefined])
  assert.ok(judge(seen(), { engagements: [{ source: '203.0.113.8', ...window }] })[0]?.wanted)
})

test('the ledger grades it, and shows what it may not do; lifted, the edge is told', () => {
  const wanted = judge(seen()).flatMap((one) => one.wanted ?? [])
  const first = settleHolds([], [], wanted, [], () => undefined, NOW)
  assert.deepEqual(first.changes, [{ set: 'signin', address: '203.0.113.7', leftS: 600 }])
  assert.deepEqual(
    describeHolds(first.holds, NOW).map(({ source, kind, times }) => [source, kind, times]),
    [['203.0.113.7', 'sign-in', 1]],
  )
  const later = NOW + 700_000
  const again = settleHolds(first.holds, [], wanted, [], () => undefined, later)
  assert.deepEqual(again.changes, [{ set: 'signin', address: '203.0.113.7', leftS: 3_600 }])
  const lifted = [{ source: '203.0.113.7', at: new Date(later + 1).toISOString() }]
  const member = { set: 'signin', address: '203.0.113.7', leftS: 3_600 }
  const gone = settleHolds(again.holds, [member], [], lifted, () => undefined, later + 1_000)
  assert.deepEqual(gone.holds, [])
  assert.deepEqual(gone.changes, [{ set: 'signin', address: '203.0.113.7', leftS: 0 }])
  const network = settleHolds(
    [],
    [],
    [{ set: 'signin', address: '2001:db8:7::', reason: 'r' }],
    [],
    () => undefined,
    NOW,
  )
  assert.equal(describeHolds(network.holds, NOW)[0]?.source, '2001:db8:7::/64')
})

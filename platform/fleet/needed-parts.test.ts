import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planWithout, type TierFacts } from './needed-parts.ts'

const WHOLE: TierFacts = {
  own: ['etcd-1', 'postgres-1', 'control'],
  others: ['etcd-2', 'etcd-3', 'postgres-2', 'control-2'],
  hasControlElsewhere: true,
  pair: [
    { name: 'postgres-1', role: 'leader', state: 'running' },
    { name: 'postgres-2', role: 'sync_standby', state: 'streaming' },
  ],
}
const reason = (over: Partial<TierFacts>) => planWithout({ ...WHOLE, ...over })?.reason
const without = (gone: RegExp) => WHOLE.others.filter((service) => !gone.test(service))

test('where all is there twice, any host can go', () => {
  assert.equal(reason({}), undefined)
  assert.equal(reason({ own: WHOLE.others, others: WHOLE.own }), undefined)
  assert.equal(
    reason({ own: ['etcd-2'], others: ['etcd-1', 'postgres-1', 'postgres-2', 'control'] }),
    undefined,
  )
})

test('a host that has nothing of the platform can go, however the others are', () =>
  assert.equal(reason({ own: [], others: [], hasControlElsewhere: false, pair: [] }), undefined))

test('the last of a kind stays', () => {
  assert.match(reason({ hasControlElsewhere: false }) ?? '', /control plane that runs/)
  assert.match(
    reason({ others: without(/postgres/) }) ?? '',
    /no other host has a member of the database pair/,
  )
  assert.match(reason({ others: without(/etcd/) }) ?? '', /store/)
})

test('a member of the pair that has not all that was acknowledged is no reason to let the other go', () => {
  const [leader, standby] = WHOLE.pair
  assert.ok(leader && standby)
  for (const other of [
    { ...standby, role: 'replica' },
    { ...standby, state: 'starting' },
  ])
    assert.match(reason({ pair: [leader, other] }) ?? '', /not in step/)
  assert.match(reason({ pair: [] }) ?? '', /not in step/)
  // The one that goes is lost: the other leads.
  assert.equal(reason({ pair: [{ name: 'postgres-2', role: 'leader', state: 'running' }] }), undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MemberLife, planLease, type SeenLead } from './lease-plan.ts'

const LEAD = { member: 'postgres-1', revision: '7' }
const lives = (life: string, alive: boolean): ReadonlyMap<string, MemberLife> =>
  new Map([
    ['postgres-1', { life, alive }],
    ['postgres-2', { life: 'other', alive: true }],
  ])
const SEEN: SeenLead = { ...LEAD, life: 'a' }

test('the lead of a member whose container is dead is released', () => {
  assert.deepEqual(planLease(LEAD, lives('a', false), SEEN), { do: 'release', lead: LEAD, why: 'dead' })
  assert.deepEqual(planLease(LEAD, lives('a', false), undefined), { do: 'release', lead: LEAD, why: 'dead' })
})

test('a live leader keeps its lead, and the life in which it was seen is remembered', () => {
  assert.deepEqual(planLease(LEAD, lives('a', true), undefined), { do: 'nothing', seen: SEEN })
  assert.deepEqual(planLease(LEAD, lives('a', true), SEEN), { do: 'nothing', seen: SEEN })
})

test('a lead from the life before is released although the container runs again', () => {
  assert.deepEqual(planLease(LEAD, lives('b', true), SEEN), { do: 'release', lead: LEAD, why: 'restarted' })
})

test('a lead that the restarted member has taken anew is left to it', () => {
  const anew = { ...LEAD, revision: '8' }
  assert.deepEqual(planLease(anew, lives('b', true), SEEN), {
    do: 'nothing',
    seen: { ...anew, life: 'b' },
  })
})

test('a lead that was first seen after the restart proves nothing', () => {
  assert.deepEqual(planLease(LEAD, lives('b', true), undefined), {
    do: 'nothing',
    seen: { ...LEAD, life: 'b' },
  })
})

test('nothing is done for nobody, for a member of another host and for the death of one that does not lead', () => {
  assert.deepEqual(planLease(undefined, lives('a', false), SEEN), { do: 'nothing', seen: undefined })
  const elsewhere = { member: 'postgres-3', revision: '9' }
  assert.deepEqual(planLease(elsewhere, lives('a', false), SEEN), { do: 'nothing', seen: undefined })
  const other = { member: 'postgres-2', revision: '9' }
  assert.equal(planLease(other, lives('a', false), SEEN).do, 'nothing')
})

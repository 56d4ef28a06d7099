import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkRuleView } from '#contract/network-api.ts'
import { isOf, stateOf, untilText } from './rule-state.ts'

const NOW = new Date('2030-01-07T08:00:00Z')
const rule = (more: Partial<NetworkRuleView> = {}): NetworkRuleView => ({
  ...{
    id: 'shop-k3f9',
    from: 'app:shop',
    to: 'internet',
    protocol: 'tcp',
    ports: ['443'],
    reason: 'payments',
  },
  ...{ approvedBy: 'ada', askedBy: null, until: null, builtIn: false },
  ...more,
})
const told = (more: Partial<NetworkRuleView>) => [stateOf(rule(more), NOW), untilText(rule(more), NOW)]

test('a rule on trial says when it stands again, and is as it was when the trial is over', () => {
  assert.deepEqual(told({ pausedUntil: '2030-01-07T08:00:43Z' }), [
    'on trial',
    'taken back; stands again in 43 s',
  ])
  assert.deepEqual(told({ pausedUntil: '2030-01-07T07:59:59Z' }), ['allowed', 'it is taken back'])
})

test('one that ends, that waits and that is part of the platform say so', () => {
  assert.deepEqual(told({ until: '2030-01-07T07:00:00Z' }), ['ended', '2030-01-07 07:00 UTC'])
  assert.deepEqual(told({ approvedBy: null }), ['waits', 'it is taken back'])
  assert.deepEqual(told({ builtIn: true }), ['built in', '–'])
})

test('what every app may is not an app’s own; where all rules are looked at, none is another’s', () => {
  const ofShop = (from: string) => isOf(rule({ from }), 'shop')
  assert.deepEqual(['app:shop', 'app:shop/web', 'apps', 'app:shop2'].map(ofShop), [true, true, false, false])
  assert.ok(isOf(rule({ from: 'apps' }), undefined))
})

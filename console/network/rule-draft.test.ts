import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkRuleView } from '#contract/network-api.ts'
import { EMPTY_DRAFT, fieldOf, inOrder, requestOf } from './rule-draft.ts'

test('what is typed is asked for as the command line would', () => {
  const typed = { ...EMPTY_DRAFT, to: ' api.example.org ', ports: '443, 8000-8010', reason: ' payments ' }
  assert.deepEqual(requestOf(typed), {
    to: 'api.example.org',
    protocol: 'tcp',
    ports: ['443', '8000-8010'],
    reason: 'payments',
  })
  const asked = requestOf({ ...typed, until: '2027-01-31' })
  assert.equal('until' in asked && asked.until, '2027-01-31T23:59:59.000Z')
})

test('an error about one of the ports is about their field', () => {
  assert.equal(fieldOf('ports.0'), 'ports')
  assert.equal(fieldOf(undefined), undefined)
})

test('what waits comes first, what is built in last', () => {
  const rule = (id: string, approvedBy: string | null, builtIn = false) =>
    ({ id, approvedBy, builtIn }) as NetworkRuleView
  const rules = [rule('a', 'x', true), rule('b', 'ada'), rule('c', 'ada'), rule('d', null)]
  assert.deepEqual(
    inOrder(rules).map(({ id }) => id),
    ['d', 'c', 'b', 'a'],
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkRuleView } from '#contract/network-api.ts'
import { endsOf, flowsAbout, flowsOf, placeOf, standing } from './flows.ts'

const rule = (from: string, to: string, more: Partial<NetworkRuleView> = {}): NetworkRuleView => ({
  ...{ id: `${from}-${to}`, from, to, protocol: 'tcp', ports: ['443'], reason: 'r' },
  ...{ approvedBy: 'ada', askedBy: null, until: null, builtIn: false },
  ...more,
})
const RULES = [
  rule('apps', 'proxy', { builtIn: true, ports: ['5432'] }),
  rule('edge', 'apps', { builtIn: true }),
  rule('app:shop', 'api.example.org'),
  rule('app:shop/mailer', 'api.example.org', { ports: ['25'] }),
  rule('app:blog', 'internet'),
]

test('everything has its place, from the outside to the data', () => {
  const places = ['internet', '203.0.113.0/24', 'api.example.org', 'edge', 'app:shop/web', 'control']
  assert.deepEqual([...places, 'proxy', 'database'].map(placeOf), [
    'outside',
    'outside',
    'outside',
    'host',
    'apps',
    'apps',
    'middle',
    'data',
  ])
})

test('rules between the same two are one flow, an app’s processes included', () => {
  const flows = flowsOf(RULES)
  assert.deepEqual(
    flows.map(({ from, to, rules, byPeople }) => [from, to, rules.length, byPeople]),
    [
      ['apps', 'proxy', 1, false],
      ['edge', 'apps', 1, false],
      ['app:shop', 'api.example.org', 2, true],
      ['app:blog', 'internet', 1, true],
    ],
  )
})

test('the part of an app is what all apps may and its own, and nothing of another app', () => {
  assert.deepEqual(
    flowsAbout(RULES, 'app:shop').map(({ from, to }) => `${from} ${to}`),
    ['app:shop proxy', 'edge app:shop', 'app:shop api.example.org'],
  )
  assert.deepEqual(endsOf(flowsAbout(RULES, 'app:quiet')).sort(), ['app:quiet', 'edge', 'proxy'])
  assert.deepEqual(endsOf(flowsAbout(RULES, 'proxy')), ['apps', 'proxy'])
})

test('what waits, and what has ended, leads nowhere', () => {
  const now = new Date('2026-06-01T12:00:00Z')
  const ended = rule('app:shop', 'internet', { until: '2026-06-01T11:00:00.000Z' })
  const waits = rule('app:shop', 'internet', { approvedBy: null, askedBy: 'ben' })
  assert.deepEqual(standing([ended, waits, ...RULES], now), RULES)
})

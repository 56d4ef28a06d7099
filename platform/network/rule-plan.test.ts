import assert from 'node:assert/strict'
import { test } from 'node:test'
import { insideOf } from './layout.ts'
import { refuseRule } from './rule-plan.ts'
import { TEST_FACTS } from './test-policy.ts'

const OPERATOR = {
  operator: true,
  inside: insideOf(TEST_FACTS),
  count: { all: 0, app: 0 },
  now: new Date('2026-06-01T12:00:00Z'),
}
const OWNER = { ...OPERATOR, operator: false }
const codeFor = (from: string, to: string, asker = OPERATOR, until?: string) =>
  refuseRule({ from, to, until }, asker)?.code

test('an app’s people let it reach what is public', () => {
  for (const to of ['198.51.100.7', '198.51.100.0/24', 'api.example.org', 'internet'])
    assert.equal(codeFor('app:shop', to, OWNER), undefined, to)
})

test('private networks, the host itself and everything at once need an operator', () => {
  for (const to of ['10.1.2.3', '192.168.0.0/16', '0.0.0.0/0', '8.0.0.0/6', 'private', 'host']) {
    assert.equal(codeFor('app:shop', to, OWNER), 'network.needs_operator', to)
    assert.equal(codeFor('app:shop', to), undefined, to)
  }
})

test('nobody makes a rule to a cloud’s credentials, to the machine itself or to what is the installation’s own', () => {
  for (const to of [
    ...['169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
    ...['fd00:ec2::254', 'fd20:ce::254'],
    '127.0.0.1',
    '127.0.0.0/8',
    '224.0.0.5',
    '10.89.0.11',
    '10.89.0.0/16',
    '192.0.2.1',
  ])
    assert.equal(codeFor('app:shop', to), 'network.never', to)
})

test('between the platform’s parts there are no rules but its own', () => {
  const pairs = [
    ['app:shop', 'database'],
    ['app:shop', 'app:blog'],
    ['edge', '198.51.100.7'],
    ['database', 'internet'],
    ['198.51.100.7', 'database'],
    ['198.51.100.7', 'app:shop'],
    ['api.example.org', 'host'],
    ['nonsense', 'host'],
  ] as const
  for (const [from, to] of pairs) assert.equal(codeFor(from, to), 'network.between_parts', `${from} ${to}`)
  assert.equal(codeFor('198.51.100.0/24', 'host'), undefined)
  assert.equal(codeFor('builder', '10.4.0.7'), undefined)
})

test('who comes may come over IPv6; what would lead over it to or from a part that has none is refused', () => {
  const reasonFor = (from: string, to: string) => {
    const refusal = refuseRule({ from, to }, OPERATOR)
    return refusal?.code === 'invalid' ? `${refusal.params.field}: ${refusal.params.reason}` : refusal?.code
  }
  for (const to of ['host', 'edge']) assert.equal(reasonFor('2001:db8:1::/48', to), undefined, to)
  assert.match(
    String(reasonFor('2001:db8:1::7', 'agent')),
    /^to: answers at the IPv4 address of its host only/,
  )
  for (const from of ['app:shop', 'app:shop/web', 'apps', 'builder', 'control'])
    for (const to of ['2001:db8::7', '2001:db8::/32', '::/0', '::1', 'fe80::1'])
      assert.match(
        String(reasonFor(from, to)),
        /^to: is an IPv6 address, and what runs .* has IPv4 only/,
        from,
      )
  assert.equal(reasonFor('2001:db8:1::7', 'database'), 'network.between_parts')
  assert.equal(reasonFor('2001:db8:1::7', '2001:db8:1::8'), 'network.between_parts')
})

test('a name is for apps, and one that a name server can know', () => {
  const reasonFor = (from: string, to: string) => {
    const refusal = refuseRule({ from, to }, OPERATOR)
    return refusal?.code === 'invalid' ? refusal.params.reason : refusal
  }
  for (const from of ['apps', 'app:shop', 'app:shop/web'])
    assert.equal(reasonFor(from, 'api.example.org'), undefined, from)
  assert.match(String(reasonFor('builder', 'api.example.org')), /only apps are told names: give builder an/)
  assert.match(String(reasonFor('control', 'api.example.org')), /only apps are told names/)
  assert.match(String(reasonFor('app:shop', 'printer.local')), /no name server answers/)
})

test('what is over already, and what is too much, is refused', () => {
  assert.equal(codeFor('app:shop', 'internet', OWNER, '2026-06-01T11:59:59.000Z'), 'invalid')
  assert.equal(codeFor('app:shop', 'internet', OWNER, '2026-06-01T12:00:01.000Z'), undefined)
  assert.equal(codeFor('app:shop', 'internet', { ...OWNER, count: { all: 9, app: 100 } }), 'network.too_many')
  assert.equal(
    codeFor('builder', 'internet', { ...OPERATOR, count: { all: 2000, app: 0 } }),
    'network.too_many',
  )
})

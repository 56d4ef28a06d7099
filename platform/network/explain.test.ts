import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkRule } from '#contract/network.ts'
import { builtInRules } from './built-in-rules.ts'
import { explain } from './explain.ts'
import { ruleOf, TEST_FACTS, TEST_POLICY } from './test-policy.ts'

const NOW = new Date('2026-06-01T12:00:00Z')
const ENDED = ruleOf('rule-over', 'app:shop', '203.0.113.7', ['443'], { until: '2026-05-01T00:00:00.000Z' })
const ask = (from: string, to: string, port: number, more: readonly NetworkRule[] = [], locked = true) =>
  explain(
    [...builtInRules(TEST_FACTS.installation), ...TEST_POLICY.rules, ENDED, ...more],
    TEST_FACTS,
    { from, to, port, protocol: 'tcp' },
    NOW,
    { locked },
  )
const askUnlocked = (from: string, to: string, port: number) => ask(from, to, port, [], false)

test('what a rule allows is said with its reason and who allowed it', () => {
  assert.equal(
    ask('app:shop', '198.51.100.7', 443).sentence,
    'Allowed: app:shop to 198.51.100.7 at tcp 443, by rule-pay (app:shop to 198.51.100.0/24, tcp 443; a test needs it; ada).',
  )
  assert.equal(ask('app:shop/web', 'api.example.org', 443).rule?.id, 'rule-api')
  assert.equal(ask('app:shop', 'proxy', 5432).rule?.id, 'apps-to-proxy')
  assert.equal(ask('10.89.129.2', '203.0.113.99', 25).rule?.id, 'rule-mail')
  assert.equal(ask('10.89.0.12', '10.89.0.11', 5432).rule?.id, 'database-to-database')
})

test('what no rule allows is refused, with the rule that comes nearest', () => {
  assert.equal(
    ask('app:shop', 'database', 5432).sentence,
    'Refused: no rule leads from app:shop to database at tcp 5432; the nearest rule is: agent-to-database (agent to database, tcp 5432, 8008; the agent looks after the members of the pair; built in).',
  )
  assert.equal(ask('app:shop', '198.51.100.7', 80).rule?.id, 'rule-pay')
  assert.equal(ask('app:shop/web', '203.0.113.99', 25).allowed, false)
  assert.equal(ask('app:shop', 'app:blog', 8080).rule?.id, 'edge-to-apps')
  assert.equal(ask('app:shop', 'database', 9).rule, null)
})

test('of a name it is said whether the app would be told what it means', () => {
  assert.match(
    ask('app:shop', 'pay.example.org', 443).sentence,
    /^Refused: no rule leads from app:shop to pay\.example\.org at tcp 443; nor is it told what the name means/,
  )
  assert.doesNotMatch(ask('app:shop', 'api.example.org', 444).sentence, /nor is it told/)
  assert.doesNotMatch(ask('builder', 'api.example.org', 444).sentence, /nor is it told/)
})

test('who comes from a network is let in by the rule for it, over IPv6 as over IPv4', () => {
  assert.equal(ask('2001:db8:1::7', 'host', 22).rule?.id, 'rule-ssh-6')
  assert.equal(ask('2001:db8:1:5::/64', 'host', 22).allowed, true)
  assert.equal(ask('198.51.100.9', 'host', 22).rule?.id, 'rule-ssh')
  assert.equal(ask('2001:db8:2::7', 'host', 22).allowed, false)
  assert.equal(ask('2001:db8::/32', 'host', 22).allowed, false)
  assert.equal(ask('2001:db8:2::7', 'edge', 443).rule?.id, 'internet-to-edge')
  // Who is inside may what its groups may, whatever network its address is in.
  const wide = ruleOf('rule-wide', '10.0.0.0/8', 'host', ['22'])
  assert.equal(ask('10.9.9.9', 'host', 22, [wide]).allowed, true)
  assert.equal(ask('10.89.129.3', 'host', 22, [wide]).allowed, false)
})

test('what runs on the platform reaches no address of IPv6; a host does', () => {
  for (const from of ['app:blog', 'builder', '10.89.129.3'])
    assert.equal(
      ask(from, '2001:db8::1', 443).sentence,
      `Refused: ${from} to 2001:db8::1 at tcp 443. What runs on the platform has IPv4 only.`,
    )
  assert.equal(ask('host', '2001:db8::1', 443).rule?.id, 'host-to-internet')
  assert.equal(ask('host', '2001:db8::1', 25).allowed, false)
})

test('a rule that has ended is named before any other', () => {
  const { allowed, sentence } = ask('app:shop', '203.0.113.7', 443)
  assert.equal(allowed, false)
  assert.match(sentence, /one has ended: rule-over .*until 2026-05-01 00:00 UTC/)
})

test('no rule leads to the addresses with a cloud’s credentials, nor past the platform’s own', () => {
  const shut = ['169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254']
  for (const from of ['app:blog', 'builder'])
    for (const to of shut)
      assert.match(ask(from, to, 80).sentence, /^Refused: .*No rule ever leads there: .*credentials/, to)
  for (const to of ['100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'])
    assert.match(ask('host', to, 80).sentence, /No rule ever leads there/, to)
  assert.equal(ask('host', '168.63.129.16', 80).rule?.id, 'host-to-internet')
  assert.equal(ask('app:blog', '10.89.1.30', 7700).allowed, false)
  assert.equal(ask('app:blog', '192.0.2.1', 22).allowed, false)
})

test('of what is the machine’s own it is said that nobody judges it until the hosts are locked down, and what to do', () => {
  const { allowed, judged, sentence } = askUnlocked('203.0.113.9', 'host', 22)
  assert.deepEqual([allowed, judged], [false, false])
  assert.match(
    sentence,
    /^Not judged: 203\.0\.113\.9 to host at tcp 22\. The hosts are not locked down, .*Locked down, it would be refused: .*rule-ssh .*maru network lock-down try$/,
  )
  for (const [from, to, port] of [
    ['host', 'internet', 25],
    ['host', '169.254.169.254', 80],
    ['203.0.113.9', '192.0.2.1', 22],
    ['internet', 'host', 22],
    ['2001:db8:2::7', 'host', 22],
  ] as const) {
    assert.match(askUnlocked(from, to, port).sentence, /^Not judged/, `${from} ${to}`)
    assert.match(ask(from, to, port).sentence, /^Refused/, `${from} ${to}`)
  }
})

test('what is the platform’s own is judged all the same', () => {
  for (const [from, to, port] of [
    ['app:shop', 'host', 22],
    ['203.0.113.9', 'database', 5432],
    ['203.0.113.9', '10.89.0.99', 5432],
    ['203.0.113.9', 'agent', 7701],
    ['203.0.113.9', '192.0.2.1', 7701],
    ['host', 'database', 5432],
  ] as const) {
    const { judged, sentence } = askUnlocked(from, to, port)
    assert.deepEqual([judged, sentence.slice(0, 7)], [true, 'Refused'], `${from} ${to}`)
  }
  assert.equal(askUnlocked('203.0.113.0/24', 'edge', 443).rule?.id, 'internet-to-edge')
})

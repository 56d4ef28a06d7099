import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkRule } from '#contract/network.ts'
import { builtInRules } from './built-in-rules.ts'
import { explain } from './explain.ts'
import { ruleOf, TEST_FACTS, TEST_POLICY } from './test-policy.ts'

const NOW = new Date('2026-06-01T12:00:00Z')
const ENDED = ruleOf('rule-over', 'app:shop', '203.0.113.7', ['443'], { until: '2026-05-01T00:00:00.000Z' })
const ask = (from: string, to: string, port: number, more: readonly NetworkRule[] = []) =>
  explain(
    [...builtInRules(TEST_FACTS.installation), ...TEST_POLICY.rules, ENDED, ...more],
    TEST_FACTS,
    { from, to, port, protocol: 'tcp' },
    NOW,
  )

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
  assert.match(ask('app:blog', '169.254.169.254', 80).sentence, /^Refused: .*No rule ever leads there/)
  assert.equal(ask('app:blog', '10.89.1.30', 7700).allowed, false)
  assert.equal(ask('app:blog', '192.0.2.1', 22).allowed, false)
})

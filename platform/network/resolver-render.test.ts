import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import { renderResolver } from './resolver-render.ts'
import { ruleOf, TEST_FACTS, TEST_POLICY } from './test-policy.ts'

const FACTS = {
  ...TEST_FACTS,
  installation: { ...TEST_FACTS.installation, domain: 'maru.localhost' },
}

test('a host whose rules speak of no name', () => {
  assertGolden(import.meta.dirname, 'resolver-alone.conf', renderResolver({ rules: [] }, FACTS))
})

test('a host with names, an app that may reach everything, and a private network that is open', () => {
  const rules = [
    ...TEST_POLICY.rules.filter(({ id }) => id !== 'rule-all'),
    ruleOf('rule-same', 'app:blog', 'api.example.org', ['8443']),
    ruleOf('rule-link', 'app:blog', 'printer.local', ['443']),
  ]
  assertGolden(import.meta.dirname, 'resolver.conf', renderResolver({ rules }, FACTS))
})

test('no line is longer than what is read at a time, with the longest names that there may be', () => {
  const label = 'x'.repeat(61)
  const name = `${label}.${label}.${label}.abcdefghijk`
  assert.equal(name.length, 197)
  const installation = { ...FACTS.installation, id: `inst_${'a'.repeat(40)}`, domain: name }
  const rules = Array.from({ length: 100 }, (_, at) =>
    ruleOf(`rule-${at}`, 'app:shop', `${at}${name}`, ['443']),
  )
  const lines = renderResolver({ rules }, { ...FACTS, installation }).split('\n')
  assert.ok(lines.length > 200)
  for (const line of lines) assert.ok(line.length < 1000, line)
})

test('what rules open of private networks for apps may be answered, and nothing of it more', () => {
  const refused = (...rules: ReturnType<typeof ruleOf>[]) =>
    renderResolver({ rules }, FACTS)
      .split('\n')
      .filter((line) => line.startsWith('bogus-nxdomain='))
      .map((line) => line.slice('bogus-nxdomain='.length))
  assert.ok(refused().includes('10.0.0.0/8'))
  const some = refused(ruleOf('rule-db', 'app:shop', '10.128.0.0/9', ['5432']))
  assert.ok(some.includes('10.0.0.0/9') && !some.includes('10.128.0.0/9'))
  const all = refused(ruleOf('rule-lan', 'apps', 'private', ['443']))
  assert.ok(!all.includes('192.168.0.0/16'))
  // What nobody reaches is refused in spite of a rule for all private networks, which Alibaba's is among.
  for (const network of ['169.254.0.0/16', '10.89.0.0/16', '100.100.100.200', '168.63.129.16', '192.0.0.192'])
    assert.ok(all.includes(network), network)
  assert.deepEqual(refused(ruleOf('rule-other', 'builder', '10.0.0.0/8', ['443'])), refused())
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_POLICY } from '#contract/network.ts'
import { assertGolden } from '#tests/golden.ts'
import { compileFilter, tableOf } from './compile.ts'
import { renderChange, renderFilter } from './render.ts'
import { ruleOf, TEST_FACTS, TEST_POLICY } from './test-policy.ts'

const ALONE = { ...TEST_FACTS, hosts: [], own: undefined, ways: [], apps: [] }

test('one host of which nobody has said anything', () => {
  assertGolden(import.meta.dirname, 'built-in.nft', renderFilter(compileFilter(NO_POLICY, ALONE)))
})

test('a host among others, with rules of every kind', () => {
  assertGolden(import.meta.dirname, 'policy.nft', renderFilter(compileFilter(TEST_POLICY, TEST_FACTS)))
})

test('a host that is locked down', () => {
  const lockDown = { since: '2026-01-01T00:00:00.000Z', by: 'ada', until: null }
  const filter = compileFilter({ ...TEST_POLICY, lockDown }, TEST_FACTS)
  const locked = { ...filter, chains: filter.chains.filter(({ name, hook }) => hook || /^locked/.test(name)) }
  assertGolden(import.meta.dirname, 'locked.nft', renderFilter(locked))
})

test('a witness that is locked down lets nobody in at the ports of visitors, which it does not serve', () => {
  const lockDown = { since: '2026-01-01T00:00:00.000Z', by: 'ada', until: null }
  const textOf = (witness: boolean) =>
    renderFilter(compileFilter({ ...TEST_POLICY, lockDown }, { ...TEST_FACTS, witness }))
  assert.match(textOf(false), /comment "internet-to-edge"/)
  assert.doesNotMatch(textOf(true), /comment "(internet|private|hosts)-to-edge"/)
  assert.match(textOf(true), /comment "hosts-to-agent"/)
})

test('a rule from inside to an address of IPv6, which nobody can make, leads nowhere', () => {
  const rules = [
    ruleOf('rule-six', 'app:shop', '2001:db8::7', ['443']),
    ruleOf('rule-all', 'builder', '::/0', ['443']),
  ]
  const text = renderFilter(compileFilter({ ...TEST_POLICY, rules }, TEST_FACTS))
  assert.doesNotMatch(text, /rule-six|rule-all|2001:db8|::/)
})

test("a table's name has only letters that the filter takes", () => {
  assert.equal(tableOf({ id: 'test-0a.b"{' }), 'maru_test_0a_b__')
})

test('an instance more or less is a change of addresses only', () => {
  const filterOf = (apps: typeof TEST_FACTS.apps) => compileFilter(TEST_POLICY, { ...TEST_FACTS, apps })
  const [web, mailer, blog] = TEST_FACTS.apps
  assert.ok(web && mailer && blog)
  const before = filterOf([web, mailer, blog])
  const moved = filterOf([{ ...web, address: '10.89.129.9' }, mailer, blog])
  assert.equal(
    renderChange(before, moved),
    `delete element inet maru_inst_a from { 10.89.129.1 : goto from_apps_app.shop }
add element inet maru_inst_a from { 10.89.129.9 : goto from_apps_app.shop }
delete element inet maru_inst_a from_to_host { 10.89.129.1 : goto host_apps_app.shop }
add element inet maru_inst_a from_to_host { 10.89.129.9 : goto host_apps_app.shop }
delete element inet maru_inst_a askers { 10.89.129.1 : 2169723909 }
add element inet maru_inst_a askers { 10.89.129.9 : 2169723909 }
`,
  )
  assert.equal(renderChange(before, filterOf([web, mailer, blog])), '')
})

test('another rule is more than a change of addresses', () => {
  const more = {
    ...TEST_POLICY,
    rules: [...TEST_POLICY.rules, ruleOf('rule-new', 'app:blog', '198.51.100.1', ['80'])],
  }
  const before = compileFilter(TEST_POLICY, TEST_FACTS)
  assert.equal(renderChange(before, compileFilter(more, TEST_FACTS)), undefined)
})

test('two apps whose names and process types read alike share nothing', () => {
  const apps = [
    { address: '10.89.129.1', app: 'a', process: 'b-c' },
    { address: '10.89.129.2', app: 'a-b', process: 'c' },
  ]
  const policy = {
    rules: [
      ruleOf('rule-one', 'app:a/b-c', '198.51.100.1', ['80']),
      ruleOf('rule-two', 'app:a-b/c', '198.51.100.2', ['80']),
    ],
    lockDown: null,
  }
  const from = compileFilter(policy, { ...TEST_FACTS, apps }).maps.get('from')
  assert.notEqual(from?.get('10.89.129.1'), from?.get('10.89.129.2'))
})

test('who shares an address is believed by those who share it, and by nobody else', () => {
  const textOf = (sharing?: string[]) => renderFilter(compileFilter(NO_POLICY, { ...TEST_FACTS, sharing }))
  assert.match(
    textOf(['192.0.2.1']),
    /ip daddr 192\.0\.2\.2 meta l4proto 112 ip saddr 192\.0\.2\.1 accept\n {4}ip daddr 192\.0\.2\.2 meta l4proto 112 counter name "refused" drop/,
  )
  assert.match(textOf([]), /l4proto 112 counter name "refused" drop/)
  assert.doesNotMatch(textOf(), /l4proto 112/)
})

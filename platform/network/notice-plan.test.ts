import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkRule } from '#contract/network.ts'
import { builtInRules } from './built-in-rules.ts'
import { noticesOf, type RuleLife, warningsDue } from './notice-plan.ts'
import { ruleOf, TEST_FACTS } from './test-policy.ts'
import { makeUseBook } from './use-book.ts'

const DAY_MS = 86_400_000
const NOW = new Date('2026-06-15T12:00:00Z')
const at = (days: number) => new Date(NOW.getTime() + days * DAY_MS)
const lifeOf = (rule: NetworkRule, more: Partial<RuleLife> = {}): RuleLife => ({
  ...{ rule, createdAt: at(-60), usedOn: at(-1), warned: 0, proposedAt: null },
  ...more,
})
const shop = (to: string, ports: string[], more: Partial<NetworkRule> = {}, id = 'shop-one') =>
  ruleOf(id, 'app:shop', to, ports, more)
const told = (lives: RuleLife[], blocks: Array<{ source: string }> = []) =>
  noticesOf(lives, builtInRules(TEST_FACTS.installation), blocks, NOW).map(
    ({ rule, kind }) => `${rule} ${kind}`,
  )

test('a rule that ends warns a week and a day before; one that lives shortly once, in its last tenth', () => {
  const due = (until: number, createdAt: number) =>
    warningsDue(
      { rule: shop('internet', ['443'], { until: at(until).toISOString() }), createdAt: at(createdAt) },
      NOW,
    )
  assert.deepEqual([due(8, -60), due(7, -60), due(2, -60), due(0.9, -60)], [0, 1, 1, 2])
  assert.deepEqual([due(7, -3), due(1, -3), due(0.4, -3), due(0.01, -1)], [0, 0, 0, 1])
  assert.equal(due(-1, -60), 0)
})

test('a rule that nobody uses is proposed for removal, but not one that lets people into a host', () => {
  const idle = { usedOn: at(-31) }
  const ssh = ['198.51.100.0/24', 'fd00::/48', '2001:db8::7'].map((from, at) =>
    lifeOf(ruleOf(`ssh-${at}`, from, 'host', ['22']), idle),
  )
  assert.deepEqual(told([lifeOf(shop('internet', ['443']), idle), ...ssh]), ['shop-one unused'])
  assert.deepEqual(told([lifeOf(shop('internet', ['443']), { usedOn: at(-29) })]), [])
})

test('a rule within another is needless, unless it is the one that ends: then its end ends nothing', () => {
  const wide = lifeOf(shop('internet', ['1-1000'], {}, 'shop-wide'))
  const name = (more: Partial<NetworkRule> = {}) => lifeOf(shop('api.example.org', ['443'], more))
  assert.deepEqual(told([name(), wide]), ['shop-one needless', 'shop-wide overlaps'])
  assert.deepEqual(told([name({ until: at(20).toISOString() }), wide]), [
    'shop-one contradicts',
    'shop-wide overlaps',
  ])
  const brief = lifeOf(shop('internet', ['1-1000'], { until: at(20).toISOString() }, 'shop-wide'))
  assert.deepEqual(told([name(), brief]), ['shop-one overlaps', 'shop-wide overlaps'])
})

test('rules that share nothing are told nothing of each other', () => {
  const pairs: Array<[NetworkRule, NetworkRule]> = [
    [shop('198.51.100.0/25', ['443']), shop('198.51.100.128/25', ['443'], {}, 'shop-two')],
    [shop('internet', ['443']), shop('10.1.2.3', ['443'], {}, 'shop-two')],
    [shop('internet', ['443']), shop('internet', ['443'], { protocol: 'udp' }, 'shop-two')],
    [shop('internet', ['443']), ruleOf('blog-one', 'app:blog', 'internet', ['443'])],
    [shop('internet', ['1-442']), shop('internet', ['443'], {}, 'shop-two')],
  ]
  for (const [one, other] of pairs) assert.deepEqual(told([lifeOf(one), lifeOf(other)]), [])
})

test('what all apps may, and what the platform allows anyway, makes a rule of one app needless', () => {
  const all = lifeOf(ruleOf('apps-one', 'apps', '198.51.100.0/24', ['443']))
  assert.deepEqual(told([lifeOf(shop('198.51.100.7', ['443'])), all]), [
    'shop-one needless',
    'apps-one overlaps',
  ])
  assert.deepEqual(told([lifeOf(ruleOf('build-one', 'builder', '198.51.100.7', ['443']))]), [
    'build-one needless',
  ])
})

test('a rule that lets in whom people have blocked is told of', () => {
  const ssh = lifeOf(ruleOf('ssh-one', '198.51.100.0/24', 'host', ['22']))
  assert.deepEqual(told([ssh], [{ source: '198.51.100.9' }, { source: '2001:db8::/32' }]), [
    'ssh-one contradicts',
  ])
  assert.deepEqual(told([ssh], [{ source: '203.0.113.9' }]), [])
})

test('a rule is used when its counters grow, also after they began anew, and not by what was before', () => {
  const shown = (packets: number, id = 'shop-one') =>
    `\t\tmeta l4proto 6 counter packets ${packets} bytes 99 accept comment "${id}"\n\t\tcounter packets 7 bytes 8 drop comment "no rule"\n`
  const book = makeUseBook()
  book.note(shown(50), 0)
  assert.deepEqual(book.used(0), [])
  book.note(shown(50) + shown(3, 'shop-new'), 1)
  assert.deepEqual(book.used(1), ['shop-new'])
  book.note(shown(0) + shown(0, 'shop-new'), DAY_MS / 2)
  book.note(shown(2), DAY_MS / 2 + 1)
  assert.deepEqual(book.used(DAY_MS / 2 + 1), ['shop-new', 'shop-one'])
  assert.deepEqual(book.used(DAY_MS * 2), [])
})

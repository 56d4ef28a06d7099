import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { NetworkRuleView } from '#contract/network-api.ts'
import { makeTestContext } from '#runtime/cli/test-context.ts'
import { json, serve } from '#runtime/cli/test-server.ts'
import { assertGolden } from '#tests/golden.ts'
import { groups, map, rules } from './commands-look.ts'
import { ruleOf } from './test-policy.ts'

const golden = (name: string, text: string) => assertGolden(import.meta.dirname, name, text)

const view = (...[id, from, to, ports, more]: Parameters<typeof ruleOf>): NetworkRuleView => ({
  ...ruleOf(id, from, to, ports, more),
  askedBy: null,
})
/** Rules of every kind at noon on 10 March 2026: one has ended, one waits, one is taken back on trial, and one was. */
const RULES: NetworkRuleView[] = [
  view('apps-database', 'apps', 'proxy', ['5432'], { builtIn: true }),
  view('apps-names', 'apps', 'names', ['53'], { protocol: 'udp', builtIn: true }),
  { ...view('rule-pay', 'app:shop', '198.51.100.0/24', ['443', '8443']), askedBy: 'ben' },
  view('rule-time', 'app:shop', '198.51.100.0/24', ['123'], { protocol: 'udp' }),
  view('rule-mail', 'app:shop/mailer', 'internet', ['465-587'], { until: '2026-03-11T10:30:00.000Z' }),
  view('rule-past', 'app:shop', '203.0.113.9', ['22'], { until: '2026-03-09T10:30:00.000Z' }),
  view('rule-ssh', '203.0.113.0/24', 'host', ['22'], { pausedUntil: '2026-03-10T12:00:41.000Z' }),
  view('rule-web', '203.0.113.0/24', 'host', ['8443'], { pausedUntil: '2026-03-10T11:59:59.000Z' }),
  { ...view('rule-wish', 'app:shop', '203.0.113.8', ['22']), approvedBy: null, askedBy: 'ben' },
]
const NOTICES = [
  {
    rule: 'rule-mail',
    kind: 'ends',
    text: 'rule-mail ends in 22 hours. If it is still needed, take it back and allow it anew with a later end.',
  },
]

async function run(t: TestContext, command: typeof map) {
  const { home } = await serve(t, {
    'network.rules': [json({ rules: RULES, lockDown: null, approvalNeeded: true })],
    'network.appRules': [json({ rules: RULES.filter(({ to }) => to !== 'host'), approvalNeeded: true })],
    'networkNotices.list': [json({ notices: [] })],
    'networkNotices.ofApp': [json({ notices: NOTICES })],
    'network.groups': [
      json({
        groups: [
          { group: 'proxy', where: 'inside', what: 'what leads to the primary', members: ['10.89.128.20'] },
          { group: 'apps', where: 'inside', what: 'all instances of all apps', members: ['shop', 'blog'] },
          { group: 'internet', where: 'outside', what: 'every public address', members: [] },
        ],
      }),
    ],
  })
  const { context, printed: out } = makeTestContext({ uid: 0 })
  await command(context, { home })
  return out
}
const printed = async (t: TestContext, command: typeof map) => (await run(t, command)).stdout

test('the map: from whom to whom by which ports, once each; what has ended or waits leads nowhere', async (t) =>
  golden('map.txt', await printed(t, map)))

test('the groups, with who is in each', async (t) => golden('groups.txt', await printed(t, groups)))

test('an app’s people read of a rule of theirs that ends soon below their rules, with what to do', async (t) => {
  const own = await printed(t, (context, options) => rules(context, { ...options, app: 'shop' }))
  golden('rules-of-app.txt', own)
  assert.ok(own.endsWith(`\n\n${NOTICES[0]?.text}\n`))
})

test('a rule that is taken back on trial says when it stands again, with the word that keeps it so', async (t) => {
  const { stdout, stderr } = await run(t, rules)
  golden('rules.txt', stdout)
  assert.match(stderr, /rule-ssh is taken back on trial .*maru network deny rule-ssh --keep/)
  assert.doesNotMatch(stderr, /rule-web/)
})

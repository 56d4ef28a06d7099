import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AppName } from '#contract/ids.ts'
import { addressesOf } from '#contract/installation.ts'
import { NETWORK_LIMITS, type NetworkRule, NO_POLICY } from '#contract/network.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { handAfterLoad } from '#runtime/drivers/test-hand.ts'
import { type HostRules, makeHostRules } from './apply-rules.ts'
import { tableOf } from './compile.ts'
import type { NetworkFacts } from './layout.ts'
import { makeHostNet, makeTestNet, on, type TestMachine } from './test-net.ts'
import { ruleOf, TEST_FACTS } from './test-policy.ts'
import { makeUseBook } from './use-book.ts'

const net = makeTestNet()
after(() => net.close())

const SHOP = '10.89.129.1'
const BLOG = '10.89.129.3'
const OUTSIDE = '198.51.100.9'
const facts: NetworkFacts = {
  ...TEST_FACTS,
  hosts: [],
  own: undefined,
  ways: [],
  apps: [
    { address: SHOP, app: AppName.parse('shop'), process: 'web' },
    { address: BLOG, app: AppName.parse('blog'), process: 'web' },
  ],
}
const PAY = ruleOf('rule-pay', 'app:shop', '198.51.100.0/24', ['443'])
const policyOf = (...rules: NetworkRule[]) => ({ ...NO_POLICY, rules })

let host: TestMachine
let shop: TestMachine
let blog: TestMachine
let control: TestMachine
let builder: TestMachine
let outside: TestMachine
let rules: HostRules

before(async () => {
  const { networks } = addressesOf(facts.installation)
  const { place, placeOutside, ...made } = await makeHostNet(net, networks)
  host = made.host
  const { apps, data, build } = networks
  shop = await place(apps, SHOP)
  blog = await place(apps, BLOG)
  const proxy = await place(apps, '10.89.128.20')
  control = await place(data, '10.89.0.30')
  const database = await place(data, '10.89.0.11')
  builder = await place(build, '10.89.2.5')
  outside = await placeOutside(OUTSIDE)
  await proxy.listen(5432, 5433)
  await database.listen(5432, 2379)
  await shop.listen(8080)
  await blog.listen(8080)
  await outside.listen(443, 444)
  await host.listen(22, 443)
  rules = makeHostRules(makeNft(host.enter), facts.installation)
})

const reach = async (from: TestMachine, address: string, port: number) =>
  (await from.connect(address, port)).end

test('without the rules everything is open: what is silent below is silent because of them', async () => {
  assert.equal(await reach(shop, OUTSIDE, 443), 'open')
  assert.equal(await reach(shop, BLOG, 8080), 'open')
  assert.equal(await reach(shop, '10.89.0.11', 5432), 'open')
  assert.equal(await reach(outside, SHOP, 8080), 'open')
})

test('the platform’s own rules: each part reaches what it needs, and nothing else', async () => {
  assert.equal(await rules.ensure(NO_POLICY, facts), 'loaded')
  const all = [
    [shop, '10.89.128.20', 5432, 'open'],
    [shop, '10.89.128.1', 443, 'open'],
    [control, '10.89.0.11', 5432, 'open'],
    [builder, OUTSIDE, 443, 'open'],
    [host, SHOP, 8080, 'open'],
    [shop, '10.89.128.20', 5433, 'silent'],
    [shop, BLOG, 8080, 'silent'],
    [shop, OUTSIDE, 443, 'silent'],
    [shop, '10.89.0.11', 5432, 'silent'],
    [shop, '10.89.128.1', 22, 'silent'],
    [shop, '198.51.100.1', 22, 'silent'],
    [control, '10.89.0.11', 2379, 'silent'],
    [control, OUTSIDE, 443, 'silent'],
    [builder, OUTSIDE, 444, 'silent'],
    [builder, SHOP, 8080, 'silent'],
    [outside, SHOP, 8080, 'silent'],
    [outside, '10.89.0.11', 5432, 'silent'],
    [outside, '198.51.100.1', 22, 'open'],
  ] as const
  const seen = await Promise.all(all.map(async ([from, address, port]) => await reach(from, address, port)))
  assert.deepEqual(
    seen.map((end, index) => `${all[index]?.[1]}:${all[index]?.[2]} ${end}`),
    all.map(([, address, port, end]) => `${address}:${port} ${end}`),
  )
})

test('a cloud’s credentials are reached by no rule, however wide: not by a build, nor by an app with all private and public addresses', async () => {
  const clouds = ['100.100.100.200', '168.63.129.16', '192.0.0.192']
  for (const address of clouds) {
    await outside.change('address', 'add', `${address}/32`, 'dev', 'eth0')
    await host.change('route', 'add', `${address}/32`, 'via', OUTSIDE)
  }
  const wide = ['private', 'internet', '100.64.0.0/10', '0.0.0.0/0'].map((to, at) =>
    ruleOf(`rule-wide-${at}`, 'app:shop', to, ['443']),
  )
  const lockDown = { since: '2026-01-01T00:00:00.000Z', by: 'ada', until: null }
  const ends = async () =>
    await Promise.all(
      [shop, builder, host].map(
        async (from) => await Promise.all(clouds.map((address) => reach(from, address, 443))),
      ),
    )
  const [none, all] = [clouds.map(() => 'silent'), clouds.map(() => 'open')]
  await rules.ensure(policyOf(...wide), facts)
  assert.equal(await reach(shop, OUTSIDE, 443), 'open')
  assert.deepEqual(
    await ends(),
    [none, none, all],
    'the machine itself is not judged until it is locked down',
  )
  await rules.ensure({ rules: wide, lockDown }, facts)
  // Azure is also who gives a machine its address.
  assert.deepEqual(await ends(), [none, none, ['silent', 'open', 'silent']])
  await rules.ensure(NO_POLICY, facts)
})

test('a rule opens the way for its app only, and its end ends what is open at once', async () => {
  assert.equal(await rules.ensure(policyOf(PAY), facts), 'loaded')
  const open = await shop.connect(OUTSIDE, 443)
  assert.equal(open.end, 'open')
  assert.equal(await open.send(), 'answered')
  assert.equal(await reach(shop, OUTSIDE, 444), 'silent')
  assert.equal(await reach(blog, OUTSIDE, 443), 'silent')
  for (let count = 0; count < 10; count += 1) {
    await rules.ensure(policyOf(PAY, ruleOf(`rule-${count}`, 'app:blog', '203.0.113.1', ['80'])), facts)
    assert.equal(await open.send(), 'answered')
  }
  await rules.ensure(NO_POLICY, facts)
  assert.equal(await open.send(), 'silent')
  assert.equal(await reach(shop, OUTSIDE, 443), 'silent')
})

test('which rules are used is read from the kernel, and reading it changes nothing', async () => {
  const policy = policyOf(PAY, ruleOf('rule-idle', 'app:blog', '198.51.100.0/24', ['443']))
  await rules.ensure(policy, facts)
  const book = makeUseBook()
  book.note(await rules.counts(), 1)
  assert.equal(await reach(shop, OUTSIDE, 443), 'open')
  book.note(await rules.counts(), 2)
  assert.deepEqual(book.used(3), ['rule-pay'])
  assert.equal(await rules.ensure(policy, facts), 'kept')
})

test('as many rules as there may be are in force within seconds, and each still says what it says', async () => {
  const many = Array.from({ length: NETWORK_LIMITS.networkRules - 1 }, (_, at) =>
    ruleOf(`rule-${at}`, `app:other-${at % 100}`, `203.0.${at >> 8}.${at % 256}`, ['443']),
  )
  const begun = performance.now()
  assert.equal(await rules.ensure(policyOf(...many, PAY), facts), 'loaded')
  const tookMs = performance.now() - begun
  assert.ok(tookMs < 10_000, `it took ${tookMs} ms`)
  assert.equal(await reach(shop, OUTSIDE, 443), 'open')
  assert.equal(await reach(blog, OUTSIDE, 443), 'silent')
  await rules.ensure(NO_POLICY, facts)
})

test('whoever gets an address is let in before it starts, and nobody keeps what was another’s', async () => {
  await rules.ensure(policyOf(PAY), { ...facts, apps: [] })
  assert.equal(await reach(shop, OUTSIDE, 443), 'silent')
  await rules.admit({ address: SHOP, app: AppName.parse('shop'), process: 'web' })
  assert.equal(await reach(shop, OUTSIDE, 443), 'open')
  await rules.admit({ address: SHOP, app: AppName.parse('blog'), process: 'web' })
  assert.equal(await reach(shop, OUTSIDE, 443), 'silent')
})

test('what a hand has changed is found and undone', async () => {
  await rules.ensure(NO_POLICY, facts)
  assert.equal(await rules.ensure(NO_POLICY, facts), 'kept')
  const table = tableOf(facts.installation)
  await on(host, 'nft', 'insert', 'rule', 'inet', table, 'judge', 'accept')
  assert.equal(await reach(shop, OUTSIDE, 443), 'open')
  assert.equal(await rules.ensure(NO_POLICY, facts), 'restored')
  assert.equal(await reach(shop, OUTSIDE, 443), 'silent')
  await on(host, 'nft', 'add', 'chain', 'inet', table, 'mine')
  await on(host, 'nft', 'delete', 'table', 'inet', table)
  assert.equal(await rules.ensure(NO_POLICY, facts), 'restored')
  assert.equal(await reach(shop, OUTSIDE, 443), 'silent')
})

test('between passes, too; who is let in meanwhile is not taken for a hand', async () => {
  await rules.ensure(policyOf(PAY), { ...facts, apps: [] })
  const member = { address: SHOP, app: AppName.parse('shop'), process: 'web' }
  const [, mended] = await Promise.all([rules.admit(member), rules.mend()])
  assert.equal(mended, false)
  await on(host, 'nft', 'delete', 'table', 'inet', tableOf(facts.installation))
  assert.equal(await rules.mend(), true)
  assert.equal(await rules.mend(), false)
  assert.equal(await reach(shop, OUTSIDE, 443), 'open')
  assert.equal(await reach(shop, OUTSIDE, 444), 'silent')
  assert.equal(await makeHostRules(makeNft(host.enter), facts.installation).mend(), false)
})

test('what was seen a moment ago may be trusted, and is looked at again after it', async () => {
  let now = 1_000_000
  const own = makeHostRules(makeNft(host.enter), facts.installation, () => now)
  assert.equal(await own.ensure(NO_POLICY, facts, 2_000), 'loaded')
  await on(host, 'nft', 'insert', 'rule', 'inet', tableOf(facts.installation), 'judge', 'accept')
  assert.equal(await own.ensure(NO_POLICY, facts, 2_000), 'kept')
  now += 2_000
  assert.equal(await own.ensure(NO_POLICY, facts, 2_000), 'restored')
})

test('what a hand has changed never counts as what should be there: not when something else is loaded, nor when somebody is let in', async () => {
  const own = makeHostRules(makeNft(host.enter), facts.installation)
  const byHand = () =>
    on(host, 'nft', 'insert', 'rule', 'inet', tableOf(facts.installation), 'judge', 'accept')
  await own.ensure(NO_POLICY, { ...facts, apps: [] }, 60_000)
  await byHand()
  assert.equal(await own.ensure(NO_POLICY, facts, 60_000), 'restored')
  await byHand()
  await own.admit({ address: '10.89.129.7', app: AppName.parse('shop'), process: 'web' })
  assert.equal(await own.mend(), true, 'it is told')
  assert.equal(await own.mend(), false)
  assert.equal(await reach(shop, OUTSIDE, 444), 'silent')
})

test('a change that a hand makes right after a load, before the look at what it gave, is undone at the next look, and told', async () => {
  const [lateHand, behind] = handAfterLoad(makeNft(host.enter))
  const own = makeHostRules(behind, facts.installation)
  const byHand = `insert rule inet ${tableOf(facts.installation)} judge accept`
  lateHand(byHand)
  await own.ensure(NO_POLICY, { ...facts, apps: [] })
  assert.equal(await own.mend(), true)
  lateHand(byHand)
  await own.admit({ address: SHOP, app: AppName.parse('shop'), process: 'web' })
  assert.equal(await own.mend(), true)
  assert.equal(await own.mend(), false)
  assert.equal(await reach(shop, OUTSIDE, 444), 'silent')
})

test('rules that nobody has touched are never told as put back, however they were changed', async () => {
  const own = makeHostRules(makeNft(host.enter), facts.installation)
  const member = (last: number) => ({
    ...{ address: `10.89.129.${last}`, app: AppName.parse('shop'), process: 'web' },
  })
  await own.ensure(policyOf(PAY), facts)
  for (const last of [9, 3, 200, 45]) {
    await own.admit(member(last))
    assert.equal(await own.mend(), false, `${last}`)
  }
  assert.equal(await own.ensure(NO_POLICY, facts), 'loaded')
  assert.equal(await own.mend(), false)
  assert.equal(await own.ensure(policyOf(PAY), facts), 'loaded')
  assert.equal(await own.mend(), false)
  await own.ensure(NO_POLICY, facts)
})

test('the table of a version before, and one with a stranger’s chain, make way', async () => {
  const nft = makeNft(host.enter)
  const table = tableOf(facts.installation)
  await on(host, 'nft', 'add', 'chain', 'inet', table, 'stranger')
  await on(host, 'nft', 'add', 'map', 'inet', table, 'old', '{ type ipv4_addr : verdict; }')
  assert.equal(await makeHostRules(nft, facts.installation).ensure(NO_POLICY, facts), 'loaded')
  assert.doesNotMatch((await nft.list('inet', table)) ?? '', /stranger|old/)
  await nft.load(
    `table inet ${table}\ndelete table inet ${table}\ntable inet ${table} {\n chain input {\n type filter hook input priority filter; policy drop;\n }\n}\n`,
  )
  assert.equal(await makeHostRules(nft, facts.installation).ensure(NO_POLICY, facts), 'loaded')
  assert.equal(await reach(outside, '198.51.100.1', 22), 'open')
})

test('a host that is locked down answers only whom a rule names', async () => {
  const lockDown = { since: '2026-01-01T00:00:00.000Z', by: 'ada', until: null }
  assert.equal(await reach(outside, '198.51.100.1', 22), 'open')
  await rules.ensure({ rules: [], lockDown }, facts)
  assert.equal(await reach(outside, '198.51.100.1', 22), 'silent')
  assert.equal(await reach(outside, '198.51.100.1', 443), 'open')
  assert.equal(await reach(host, OUTSIDE, 443), 'open')
  assert.equal(await reach(host, OUTSIDE, 444), 'silent')
  assert.equal(await reach(shop, '10.89.128.20', 5432), 'open')
  await rules.ensure({ rules: [ruleOf('rule-ssh', '198.51.100.0/24', 'host', ['22'])], lockDown }, facts)
  assert.equal(await reach(outside, '198.51.100.1', 22), 'open')
  await rules.ensure(NO_POLICY, facts)
})

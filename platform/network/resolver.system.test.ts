import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AppName } from '#contract/ids.ts'
import { addressesOf } from '#contract/installation.ts'
import { type NetworkRule, NO_POLICY } from '#contract/network.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { type HostRules, makeHostRules } from './apply-rules.ts'
import { nameSet, PIN_TURNS } from './classes.ts'
import { tableOf } from './compile.ts'
import type { NetworkFacts } from './layout.ts'
import { PIN_MS, PINS, pinsIn } from './pins.ts'
import { renderResolver } from './resolver-render.ts'
import { makeHostNet, makeTestNet, on, type TestMachine } from './test-net.ts'
import { ruleOf, TEST_FACTS } from './test-policy.ts'
import { type Heard, makeTestNames } from './test-resolver.ts'

const net = makeTestNet()
const names = makeTestNames()
after(async () => {
  await names.close()
  await net.close()
})

const SHOP = '10.89.129.1'
const BLOG = '10.89.129.3'
const WIKI = '10.89.129.4'
const PROVIDER = '198.51.100.53'
const installation = { ...TEST_FACTS.installation, domain: 'maru.localhost' }
const [FIRST, SECOND] = addressesOf(installation).names
const facts: NetworkFacts & { readonly installation: typeof installation } = {
  ...TEST_FACTS,
  installation,
  hosts: [],
  own: undefined,
  ways: [],
  resolvers: [PROVIDER],
  apps: [
    { address: SHOP, app: AppName.parse('shop'), process: 'web' },
    { address: BLOG, app: AppName.parse('blog'), process: 'web' },
    { address: WIKI, app: AppName.parse('wiki'), process: 'web' },
  ],
}
const SHOP_NAMES = ['api', 'many', 'crowd', 'inside', 'mixed', 'link'].map((name) => `${name}.example.org`)
const policyOf = (...more: NetworkRule[]) => ({
  ...NO_POLICY,
  rules: [
    ...SHOP_NAMES.map((name) => ruleOf(`rule-${name.split('.')[0]}`, 'app:shop', name, ['443'])),
    ruleOf('rule-wiki', 'app:wiki', 'internet', ['443']),
    ...more,
  ],
})

let host: TestMachine
let shop: TestMachine
let blog: TestMachine
let wiki: TestMachine
let rules: HostRules
let now = 1_000_000
let endSecond: () => Promise<void>

before(async () => {
  await installPrograms({ dnsmasq: 'dnsmasq-base' })
  const { apps, edge } = addressesOf(installation).networks
  const { place, placeOutside, ...made } = await makeHostNet(net, { apps, edge })
  host = made.host
  shop = await place(apps, SHOP)
  blog = await place(apps, BLOG)
  wiki = await place(apps, WIKI)
  const outside = await placeOutside(PROVIDER)
  // It is everybody whom a name may mean.
  await host.change('route', 'add', '203.0.113.0/24', 'via', PROVIDER)
  await outside.change('route', 'add', 'local', '203.0.113.0/24', 'dev', 'lo')
  await outside.listen(443)
  await names.serve(outside)
  rules = makeHostRules(makeNft(host.enter), installation, () => now)
  await rules.ensure(policyOf(), facts)
  const config = renderResolver(policyOf(), facts)
  await names.resolve(host, config, FIRST)
  endSecond = await names.resolve(host, config, SECOND)
})

const pins = async () =>
  pinsIn((await makeNft(host.enter).list('inet', tableOf(installation))) ?? '').get(
    'name_a_api.example.org',
  ) ?? []

test('each answer is another, and the connection after it passes every time, also while rules are loaded anew', async () => {
  const heard: Heard[] = []
  let loaded = 0
  const asking = (async () => {
    while (loaded < 5) heard.push(...(await names.ask(shop, FIRST, 'api.example.org', 100, 443)))
  })()
  for (; loaded < 5; loaded += 1) {
    const more = ruleOf(`rule-more-${loaded}`, 'app:blog', '203.0.113.200', ['80'])
    assert.equal(await rules.ensure(policyOf(more), facts), 'loaded')
  }
  await asking
  const failed = heard.filter(({ end }) => end !== 'open')
  assert.deepEqual(failed, [])
  assert.ok(new Set(heard.map(({ addresses }) => addresses[0])).size >= 100)
  await rules.ensure(policyOf(), facts)
  assert.equal(await rules.ensure(policyOf(), facts), 'kept')
})

test('both of them answer, and one alone does', async () => {
  const one = async (server: string) => (await names.ask(shop, server, 'api.example.org', 3, 443)).at(-1)?.end
  assert.deepEqual([await one(FIRST), await one(SECOND)], ['open', 'open'])
  await endSecond()
  assert.deepEqual([await one(FIRST), await one(SECOND)], ['open', 'ECONNREFUSED'])
})

test('an app hears of its own names only; who may reach every public address hears of each', async () => {
  const ends = async (machine: TestMachine, ...all: string[]) =>
    await Promise.all(all.map(async (name) => (await names.ask(machine, FIRST, name, 1, 443))[0]?.end))
  const tried = ['api.example.org', 'sub.api.example.org', 'example.org', 'other.example.net', 'localhost']
  const no = 'EREFUSED'
  assert.deepEqual(await ends(shop, ...tried), ['open', no, no, no, no])
  assert.deepEqual(await ends(blog, ...tried), [no, no, no, no, no])
  assert.deepEqual((await ends(wiki, ...tried)).slice(0, 4), ['open', 'open', 'open', 'open'])
})

test('the address that one app has heard lets no other app out', async () => {
  const [heard] = await names.ask(shop, FIRST, 'api.example.org', 1, 443)
  assert.equal((await blog.connect(heard?.addresses[0] ?? '', 443)).end, 'silent')
  assert.equal((await shop.connect(heard?.addresses[0] ?? '', 444)).end, 'silent')
})

test('the platform’s own names are told to all, and lead to the edge of the host', async () => {
  for (const machine of [shop, blog])
    for (const name of ['maru.localhost', 'blog.maru.localhost'])
      assert.deepEqual(await names.ask(machine, FIRST, name), [{ addresses: ['10.89.128.1'], end: null }])
  assert.equal((await names.ask(blog, FIRST, 'a.b.maru.localhost'))[0]?.end, 'EREFUSED')
})

test('an answer with a private address, or a cloud’s own, is none, and lets nobody anywhere', async () => {
  for (const name of ['inside', 'mixed', 'link'])
    assert.deepEqual(
      await names.ask(shop, FIRST, `${name}.example.org`),
      [{ addresses: [], end: 'ENOTFOUND' }],
      name,
    )
  const shown = pinsIn((await makeNft(host.enter).list('inet', tableOf(installation))) ?? '')
  for (const name of ['inside', 'mixed', 'link'])
    assert.deepEqual(shown.get(`name_a_${name}.example.org`), [], name)
})

test('many who ask at once each hear what lets them through, the last of many addresses, too', async () => {
  const asked = ['many', 'api', 'api', 'api'].map((name) =>
    names.ask(shop, FIRST, `${name}.example.org`, 50, 443),
  )
  const heard = await Promise.all(asked)
  assert.deepEqual(
    heard.flat().filter(({ end }) => end !== 'open'),
    [],
  )
  const last = heard[0]?.at(-1)?.addresses ?? []
  assert.equal(last.length, 60)
  assert.equal((await shop.connect(last.at(-1) ?? '', 443)).end, 'open')
})

test('an answer that is too long for a packet is not heard, and hurts nobody else', async () => {
  const crowd = Array.from({ length: 4 }, () => names.ask(shop, FIRST, 'crowd.example.org'))
  const others = names.ask(shop, FIRST, 'api.example.org', 50, 443)
  for (const [heard] of await Promise.all(crowd)) assert.deepEqual(heard, { addresses: [], end: 'ETIMEOUT' })
  assert.ok((await others).every(({ end }) => end === 'open'))
})

test('nobody but the resolver is asked: not the provider, not another door of the host', async () => {
  const tried = [
    [shop, PROVIDER],
    [wiki, PROVIDER],
    [shop, '198.51.100.1'],
  ] as const
  const heard = await Promise.all(
    tried.map(([machine, server]) => names.ask(machine, server, 'api.example.org')),
  )
  assert.deepEqual(
    heard.flat(),
    tried.map(() => ({ addresses: [], end: 'ETIMEOUT' })),
  )
})

test('what was answered counts on when a hand has taken the rules away', async () => {
  const [heard] = await names.ask(shop, FIRST, 'api.example.org', 1, 443)
  const address = heard?.addresses[0] ?? ''
  await rules.ensure(policyOf(), facts)
  await on(host, 'nft', 'delete', 'table', 'inet', tableOf(installation))
  assert.equal(await rules.ensure(policyOf(), facts), 'restored')
  assert.equal((await shop.connect(address, 443)).end, 'open')
  assert.equal((await names.ask(shop, FIRST, 'api.example.org', 1, 443))[0]?.end, 'open')
})

test('what was answered long ago counts no more', async () => {
  const [heard] = await names.ask(shop, FIRST, 'api.example.org', 1, 443)
  const address = heard?.addresses[0] ?? ''
  for (const step of [1, 1]) {
    assert.equal((await shop.connect(address, 443)).end, 'open')
    now += step * PIN_MS
    await rules.ensure(policyOf(), facts)
  }
  assert.equal((await shop.connect(address, 443)).end, 'silent')
  assert.deepEqual(await pins(), [])
  assert.equal((await names.ask(shop, FIRST, 'api.example.org', 1, 443))[0]?.end, 'open')
})

test('a name with more answers than there is room for: further ones stay shut, and it is found', async () => {
  assert.deepEqual(rules.fullNames(), [])
  const others = Array.from({ length: PINS }, (_, n) => `192.88.${n >> 8}.${n & 255}`).join(', ')
  const nft = makeNft(host.enter)
  for (const turn of PIN_TURNS) {
    const set = `inet ${tableOf(installation)} ${nameSet(turn, 'api.example.org')}`
    await nft.load(`flush set ${set}\nadd element ${set} { ${others} }\n`)
  }
  assert.equal((await names.ask(shop, FIRST, 'api.example.org', 1, 443))[0]?.end, 'silent')
  assert.equal(await rules.mend(), false)
  assert.deepEqual(rules.fullNames(), ['api.example.org'])
  assert.equal((await names.ask(shop, FIRST, 'many.example.org', 1, 443))[0]?.end, 'open')
})

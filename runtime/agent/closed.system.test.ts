import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addressesOf } from '#contract/installation.ts'
import { NO_POLICY } from '#contract/network.ts'
import { makeHostGuard } from '#platform/guard/host.ts'
import { closedTableOf, renderClosed } from '#platform/hosts/closed-script.ts'
import { makeHostRules } from '#platform/network/apply-rules.ts'
import { makeHostNet, makeTestNet, on, type TestMachine } from '#platform/network/test-net.ts'
import { TEST_FACTS } from '#platform/network/test-policy.ts'
import { makeNft, type Nft } from '#runtime/drivers/nft.ts'
import { makeClosed } from './closed.ts'

const net = makeTestNet()
after(() => net.close())

const { installation } = TEST_FACTS
const facts = { ...TEST_FACTS, hosts: [], own: undefined, ways: [], apps: [] }
const { networks, pgproxy } = addressesOf(installation)
const [SHOP, BLOG, OUTSIDE] = ['10.89.129.1', '10.89.129.3', '198.51.100.9']
const BRIDGED = 'net.bridge.bridge-nf-call-iptables'

let host: TestMachine
let shop: TestMachine
let blog: TestMachine
let builder: TestMachine
let control: TestMachine
let outside: TestMachine
let nft: Nft

before(async () => {
  const made = await makeHostNet(net, networks)
  const { place } = made
  host = made.host
  nft = makeNft(host.enter)
  shop = await place(networks.apps, SHOP)
  blog = await place(networks.apps, BLOG)
  const proxy = await place(networks.apps, pgproxy.apps)
  builder = await place(networks.build, '10.89.2.5')
  control = await place(networks.data, '10.89.0.30')
  const database = await place(networks.data, '10.89.0.11')
  outside = await made.placeOutside(OUTSIDE)
  await Promise.all([shop.listen(8080), blog.listen(8080), proxy.listen(5432), database.listen(5432)])
  await Promise.all([outside.listen(443), host.listen(22, 443)])
})

const reach = async (from: TestMachine, address: string, port: number) =>
  (await from.connect(address, port)).end
const close = () => nft.load(renderClosed(installation))
const closedTables = async () =>
  (await nft.tables()).filter(({ name }) => name === closedTableOf(installation))

/** Whatever instances and builds could reach, or be reached by, while no rules are in force. */
const ways = () =>
  [
    [shop, OUTSIDE, 443],
    [shop, BLOG, 8080],
    [shop, pgproxy.apps, 5432],
    [shop, '10.89.0.11', 5432],
    [shop, networks.apps.gateway, 22],
    [builder, OUTSIDE, 443],
    [builder, networks.build.gateway, 22],
    [builder, SHOP, 8080],
    [outside, SHOP, 8080],
    [control, SHOP, 8080],
  ] as const

test('without it everything is open: what is silent below is silent because of it', async () => {
  for (const [from, to, port] of ways()) assert.equal(await reach(from, to, port), 'open', `${to}:${port}`)
})

test('closed, instances and builds reach nobody and nobody reaches them, but the host that serves them', async () => {
  await close()
  for (const [from, to, port] of ways()) assert.equal(await reach(from, to, port), 'silent', `${to}:${port}`)
  const served = await host.connect(SHOP, 8080)
  assert.deepEqual([served.end, await served.send()], ['open', 'answered'])
  assert.equal(await reach(control, '10.89.0.11', 5432), 'open')
  assert.equal(await reach(outside, '198.51.100.1', 443), 'open')
})

test('between the ports of a bridge, too, where packets there are judged as frames only', async () => {
  await on(host, 'sysctl', '-qw', `${BRIDGED}=0`)
  assert.equal(await reach(shop, BLOG, 8080), 'silent')
  await nft.remove('bridge', closedTableOf(installation))
  assert.equal(await reach(shop, BLOG, 8080), 'open')
  await on(host, 'sysctl', '-qw', `${BRIDGED}=1`)
})

test('loaded again it is the same, and ends what instances had opened meanwhile', async () => {
  for (const { family, name } of await closedTables()) await nft.remove(family, name)
  const open = await shop.connect(OUTSIDE, 443)
  assert.equal(await open.send(), 'answered')
  await close()
  const shown = await nft.list('inet', closedTableOf(installation))
  await close()
  assert.equal(await nft.list('inet', closedTableOf(installation)), shown)
  assert.equal(await open.send(), 'silent')
})

test('it stays until the rules, the guard and the bindings of ports are all there, and is gone then', async () => {
  const closed = makeClosed(nft, installation)
  const rules = makeHostRules(nft, installation)
  const guard = makeHostGuard(nft, installation)
  const refuses = (missing: RegExp) => assert.rejects(closed.open(), missing)
  assert.equal(await closed.stands(), true)
  await refuses(/stays closed, because maru_inst_a, maru_guard_inst_a, maru_ports_inst_a is not in force/)
  await rules.ensure(NO_POLICY, facts)
  await refuses(/because maru_guard_inst_a, maru_ports_inst_a is/)
  await guard.ensure()
  await refuses(/because maru_ports_inst_a is/)
  assert.equal((await closedTables()).length, 2)
  await guard.bind([])
  await guard.expect(SHOP)
  assert.equal(await reach(shop, pgproxy.apps, 5432), 'silent')
  await closed.open()
  assert.deepEqual([await closedTables(), await closed.stands()], [[], false])
  assert.equal(await reach(shop, pgproxy.apps, 5432), 'open')
  assert.equal(await reach(shop, OUTSIDE, 443), 'silent')
})

test('one of its tables alone is closed still, and is taken away, too', async () => {
  const closed = makeClosed(nft, installation)
  await close()
  await nft.remove('inet', closedTableOf(installation))
  assert.equal(await closed.stands(), true)
  await closed.open()
  assert.deepEqual(await closedTables(), [])
})

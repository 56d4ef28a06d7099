import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AppName } from '#contract/ids.ts'
import { addressesOf } from '#contract/installation.ts'
import { type NetworkRule, NO_POLICY } from '#contract/network.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { run } from '#runtime/drivers/process.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { type HostRules, makeHostRules } from './apply-rules.ts'
import type { NetworkFacts } from './layout.ts'
import { makeHostNet, makeTestNet, on, plug, type TestMachine } from './test-net.ts'
import { ruleOf, TEST_FACTS } from './test-policy.ts'

/** What becomes of a host's ports over IPv6: of those that are approved, of others, and of the platform's own. */
const net = makeTestNet()
after(() => net.close())

const HOST = { office: '2001:db8:1::1', street: '2001:db8:2::1', inside: 'fd00:89::1' }
const OPERATOR = '2001:db8:1::7'
const STRANGER = '2001:db8:2::7'
const INSTANCE = 'fd00:89::2'
const NEIGHBOUR = 'fd00:89::3'
const WEB = [80, 443]
const BETWEEN_HOSTS = [7443, 7444, 7701]
const OTHERS = [22, 2379, 5432, 8080, 50_000]
const UDP = 5353
/** The host's IPv4 address, as one of IPv6 that sockets know. */
const OVER_IPV4 = '::ffff:198.51.100.1'

const facts: NetworkFacts = {
  ...TEST_FACTS,
  ...{ hosts: ['198.51.100.1', '192.0.2.1'], own: '198.51.100.1', ways: [] },
  apps: [{ address: '10.89.129.1', app: AppName.parse('shop'), process: 'web' }],
}
const LOCKED = { since: '2026-01-01T00:00:00.000Z', by: 'ada', until: null }
const locked = (...rules: NetworkRule[]) => ({ rules, lockDown: LOCKED })
const SSH = ruleOf('rule-ssh-6', '2001:db8:1::/64', 'host', ['22'])

let host: TestMachine
let operator: TestMachine
let stranger: TestMachine
let shop: TestMachine
let blog: TestMachine
let rules: HostRules

const give = (machine: TestMachine, address: string, link: string) =>
  machine.change('address', 'add', `${address}/64`, 'dev', link, 'nodad')

before(async () => {
  await installPrograms({ nmap: 'nmap', ping: 'iputils-ping' })
  const { apps } = addressesOf(facts.installation).networks
  const { place, placeOutside, ...made } = await makeHostNet(net, { apps })
  host = made.host
  operator = await placeOutside('198.51.100.9')
  stranger = await net.machine()
  await plug(host, stranger, { name: 'eth1', address: '203.0.113.1/24' }, '203.0.113.9/24', '203.0.113.1')
  shop = await place(apps, '10.89.129.1')
  blog = await place(apps, '10.89.129.3')
  await give(host, HOST.office, 'eth0')
  await give(host, HOST.street, 'eth1')
  await give(host, HOST.inside, apps.bridge)
  for (const [machine, address, gateway] of [
    [operator, OPERATOR, HOST.office],
    [stranger, STRANGER, HOST.street],
    [shop, INSTANCE, HOST.inside],
    [blog, NEIGHBOUR, HOST.inside],
  ] as const) {
    await give(machine, address, 'eth0')
    await machine.change('-6', 'route', 'add', 'default', 'via', gateway)
  }
  await on(host, 'sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1')
  await host.listen(...WEB, ...BETWEEN_HOSTS, ...OTHERS)
  await host.listenUdp(UDP)
  await stranger.listen(443, 444, 7701)
  await shop.listen(8080)
  await blog.listen(8080)
  rules = makeHostRules(makeNft(host.enter), facts.installation)
})

const reach = async (from: TestMachine, address: string, port: number) =>
  (await from.connect(address, port)).end
const openOf = async (from: TestMachine, address: string, ports: readonly number[]) => {
  const ends = await Promise.all(ports.map((port) => reach(from, address, port)))
  return ports.filter((_, at) => ends[at] === 'open')
}
const ALL = [...WEB, ...BETWEEN_HOSTS, ...OTHERS]

/** Ports that a sweep of all there are finds open. */
async function sweep(from: TestMachine, address: string): Promise<number[]> {
  const quick = ['--max-retries', '0', '--min-rate', '8000', '--max-rtt-timeout', '100ms']
  const enter = [...from.enter, 'nmap', '-6', '-sS', '-n', '-Pn', ...quick, '-p-', '-oG', '-', address]
  const { stdout } = await run(enter as [string, ...string[]], { timeoutMs: 120_000 })
  return [...stdout.matchAll(/(\d+)\/open\//g)].map(([, port]) => Number(port)).sort((a, b) => a - b)
}

test('without the rules every port answers over IPv6: what is silent below is silent because of them', async () => {
  assert.deepEqual(await openOf(operator, HOST.office, ALL), ALL)
  assert.equal(await stranger.askUdp(HOST.street, UDP), 'answered')
  assert.equal(await reach(operator, STRANGER, 444), 'open')
  assert.equal(await reach(shop, HOST.inside, 22), 'open')
  assert.equal(await reach(shop, NEIGHBOUR, 8080), 'open')
  assert.equal(await reach(host, INSTANCE, 8080), 'open')
  assert.equal(await reach(stranger, INSTANCE, 8080), 'open')
})

test('the ports between hosts answer nobody over IPv6, whether the host is locked down or not', async () => {
  await rules.ensure(NO_POLICY, facts)
  for (const [from, address] of [
    [operator, HOST.office],
    [stranger, HOST.street],
  ] as const)
    assert.deepEqual(await openOf(from, address, ALL), [...WEB, ...OTHERS])
  // The host may still ask somebody else's program at such a port.
  assert.equal(await reach(host, STRANGER, 7701), 'open')
})

test('what runs on the platform has no IPv6: neither way, not to the host nor a neighbour, not from outside', async () => {
  await rules.ensure(NO_POLICY, facts)
  assert.deepEqual(await openOf(shop, HOST.inside, ALL), [])
  assert.equal(await shop.askUdp(HOST.inside, UDP), 'silent')
  for (const [from, to, port] of [
    [shop, STRANGER, 443],
    [shop, HOST.street, 443],
    [shop, NEIGHBOUR, 8080],
    [host, INSTANCE, 8080],
    [stranger, INSTANCE, 8080],
  ] as const)
    assert.equal(await reach(from, to, port), 'silent', to)
})

test('of a host that is locked down a sweep of all ports over IPv6 finds those of visitors, and no other', async () => {
  await rules.ensure(locked(), facts)
  assert.deepEqual(await openOf(stranger, HOST.street, ALL), WEB)
  assert.deepEqual(await sweep(stranger, HOST.street), WEB)
  assert.equal(await stranger.askUdp(HOST.street, UDP), 'silent')
  assert.equal(await reach(operator, STRANGER, 444), 'silent')
  // Neighbours are found, programs of the host reach each other, and what it needs itself it reaches.
  await on(stranger, 'ping', '-6', '-c', '1', '-W', '2', HOST.street)
  assert.equal(await reach(host, '::1', 22), 'open')
  assert.deepEqual(await openOf(host, STRANGER, [443, 444]), [443])
})

test('a locked host itself does not reach a cloud’s credentials over IPv6', async () => {
  for (const address of ['fd00:ec2::254', 'fd20:ce::254']) {
    await stranger.change('address', 'add', `${address}/128`, 'dev', 'eth0', 'nodad')
    await host.change('-6', 'route', 'add', `${address}/128`, 'via', STRANGER)
    await rules.ensure(NO_POLICY, facts)
    assert.equal(await reach(host, address, 443), 'open')
    await rules.ensure(locked(), facts)
    assert.equal(await reach(host, address, 443), 'silent')
  }
})

test('of a locked host nobody learns that a port is closed, not even of the one that the address lease comes to', async () => {
  const ends = () => Promise.all([stranger.askUdp(HOST.street, 68), operator.askUdp(OVER_IPV4, 68)])
  await rules.ensure(NO_POLICY, facts)
  assert.deepEqual(await ends(), ['refused', 'refused'])
  await rules.ensure(locked(), facts)
  assert.deepEqual(await ends(), ['silent', 'silent'])
})

test('the operator whose network a rule names is let in over IPv6, and nobody else', async () => {
  await rules.ensure(locked(SSH), facts)
  assert.deepEqual(await openOf(operator, HOST.office, ALL), [...WEB, 22])
  assert.deepEqual(await openOf(stranger, HOST.street, ALL), WEB)
  await rules.ensure(locked({ ...SSH, from: OPERATOR }), facts)
  assert.equal(await reach(operator, HOST.office, 22), 'open')
  await rules.ensure(locked({ ...SSH, from: '2001:db8:1::8' }), facts)
  assert.equal(await reach(operator, HOST.office, 22), 'silent')
  // What IPv4 is let in says nothing of IPv6.
  await rules.ensure(locked({ ...SSH, from: '0.0.0.0/0' }), facts)
  assert.equal(await reach(operator, HOST.office, 22), 'silent')
  assert.equal(await reach(operator, '198.51.100.1', 22), 'open')
  await rules.ensure(locked({ ...SSH, from: '::/0' }), facts)
  assert.equal(await reach(operator, HOST.office, 22), 'open')
  assert.equal(await reach(operator, '198.51.100.1', 22), 'silent')
})

test('a rule over IPv6 that is taken back ends what it had allowed at once', async () => {
  await rules.ensure(locked(SSH), facts)
  const session = await operator.connect(HOST.office, 22)
  assert.equal(await session.send(), 'answered')
  assert.equal(await rules.ensure(locked(SSH), facts), 'kept')
  assert.equal(await session.send(), 'answered')
  await rules.ensure(locked(), facts)
  assert.equal(await session.send(), 'silent')
})

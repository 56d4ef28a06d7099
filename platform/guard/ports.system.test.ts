import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addressesOf } from '#contract/installation.ts'
import { redirected, routerAdvertised, sendFrame } from '#drills/network/frames6.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import type { TestNetwork } from '#runtime/drivers/test-networks.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { type HostGuard, makeHostGuard } from './apply-guard.ts'
import { portTableOf } from './names.ts'
import { place } from './test-attack.ts'
import { ALL, ATTACKER, LAN, type Lan, makeLan, type OnLan, SERVER, VICTIM } from './test-lan.ts'
import { followNotices, type Notices, poll } from './test-notices.ts'

let lan: Lan
let host: TestNetwork
let guard: HostGuard
let following: Notices
const inside = (one: OnLan) => lan.inside(one)

before(async () => {
  await installPrograms({
    hping3: 'hping3',
    arping: 'arping',
    ping: 'iputils-ping',
    python3: 'python3',
    ...PACKET_LOG,
  })
  lan = await makeLan()
  host = lan.host
  const server = [
    'table inet t {',
    'chain i { type filter hook input priority 0; policy accept; ip saddr 10.232.129.2 counter name from_victim; }',
    '}',
  ]
  await makeNft(inside(SERVER).enter).load(
    `table inet t {\n counter from_victim { }\n}\n${server.join('\n')}\n`,
  )
  await makeNft(inside(ATTACKER).enter).load(
    `table netdev t {\n counter stray { }\n counter drawn { }\n chain i { type filter hook ingress device "eth0" priority 0; ether daddr ${VICTIM.card} counter name stray; ip daddr ${VICTIM.address} counter name drawn; }\n}\n`,
  )
  guard = makeHostGuard(makeNft(host.enter), place)
  following = await followNotices(host)
})
after(async () => {
  await following?.end()
  await lan?.remove()
})

/** Frames of the victim's address that the server has got. */
async function fromVictim(): Promise<number> {
  const { stdout } = await inside(SERVER).run(['nft', 'reset', 'counter', 'inet', 't', 'from_victim'])
  return Number(/packets (\d+)/.exec(stdout)?.[1])
}
/** Frames for the victim that the attacker has heard, after the bridge has forgotten who is where. */
async function strayFrames(): Promise<number> {
  await inside(SERVER).ip('neighbour', 'replace', VICTIM.address, 'dev', 'eth0', 'lladdr', VICTIM.card)
  for (let count = 0; count < 5; count += 1) {
    await host.ip('link', 'set', 'dev', LAN, 'type', 'bridge', 'fdb_flush')
    await greet(SERVER, VICTIM)
  }
  const { stdout } = await inside(ATTACKER).run(['nft', 'reset', 'counter', 'netdev', 't', 'stray'])
  return Number(/packets (\d+)/.exec(stdout)?.[1])
}
/** What is for the victim's address and comes to the attacker, from somebody who believes that the attacker has it. */
async function drawnFrames(): Promise<number> {
  const believe = (card: string) =>
    inside(SERVER).ip('neighbour', 'replace', VICTIM.address, 'dev', 'eth0', 'lladdr', card)
  await believe(ATTACKER.card)
  await greet(SERVER, VICTIM)
  await believe(VICTIM.card)
  const { stdout } = await inside(ATTACKER).run(['nft', 'reset', 'counter', 'netdev', 't', 'drawn'])
  return Number(/packets (\d+)/.exec(stdout)?.[1])
}
const forgeAddress = () =>
  inside(ATTACKER).run([
    'hping3',
    '-q',
    '-c',
    '20',
    '-i',
    'u1000',
    '-2',
    '-a',
    VICTIM.address,
    '-p',
    '9',
    SERVER.address,
  ])
/** "I have that address": a question that says so by the way. */
const arping = (as: string, count: string) => [
  ...['arping', '-q', '-c', count, '-w', '1', '-i', 'eth0', '-S', as, SERVER.address],
]
const forgeArp = () => inside(ATTACKER).run(arping(VICTIM.address, '2'))
const greet = (from: OnLan, to: OnLan) =>
  inside(from).run(['hping3', '-q', '-c', '2', '-i', 'u1000', '-2', '-p', '9', to.address])
const cardOfVictim = async () =>
  (await inside(SERVER).run(['ip', 'neighbour', 'show', VICTIM.address])).stdout
/** Whoever the server knows, for ever or not: what it believes afterwards it was told afterwards. */
async function forget(): Promise<void> {
  await inside(SERVER).ip('neighbour', 'flush', 'nud', 'all')
  assert.doesNotMatch(await cardOfVictim(), /lladdr/)
}

test('without the binding the attacker speaks as the victim, and hears what is for him', async () => {
  await forgeAddress()
  assert.equal(await fromVictim(), 20)
  await forgeArp()
  assert.match(await cardOfVictim(), new RegExp(ATTACKER.card))
  assert.ok((await strayFrames()) > 0)
  await drawnFrames()
  assert.equal(await drawnFrames(), 2)
})

const SETTINGS = `
const { setSysctls } = await import('#runtime/drivers/sysctl.ts')
const { bridgeSettings } = await import('#platform/guard/host.ts')
console.log((await setSysctls(bridgeSettings(JSON.parse(process.argv[1])))).length)`
/** An advertisement that brings a network, ten times. */
const bringNetwork = (network: string) =>
  inside(ATTACKER).run(
    sendFrame('eth0', routerAdvertised({ card: ATTACKER.card, source: 'fe80::134' }, `${network}::`), 10),
  )
const bringWay = () =>
  inside(ATTACKER).run(
    sendFrame(
      'eth0',
      redirected({ card: ATTACKER.card, source: 'fe80::137' }, 'fe80::137', '2001:db8::7'),
      10,
    ),
  )
/** Messages of routers that the host has got. */
async function fromRouters(): Promise<number> {
  const { stdout } = await host.run(['nft', 'reset', 'counter', 'inet', 'heard', 'routers'])
  return Number(/packets (\d+)/.exec(stdout)?.[1])
}
const hasNetwork = async (network: string) =>
  (await host.run(['ip', '-6', 'address', 'show', 'dev', LAN])).stdout.includes(network)

test('without the binding the attacker is a router of IPv6, unless the settings of the bridge forbid the host to believe it', async () => {
  await makeNft(host.enter).load(
    `table inet heard {\n counter routers { }\n chain i { type filter hook input priority 0; icmpv6 type { nd-router-advert, nd-redirect } counter name routers; }\n}\n`,
  )
  await bringNetwork('2001:db8:66')
  await poll('the host to take the network', () => hasNetwork('2001:db8:66:'))
  await bringWay()
  assert.equal(await fromRouters(), 20)
  const set = await host.run([process.execPath, '-e', SETTINGS, JSON.stringify(place)])
  assert.equal(set.stdout.trim(), '3', set.stderr)
  await bringNetwork('2001:db8:67')
  assert.equal(await fromRouters(), 10)
  assert.equal(await hasNetwork('2001:db8:67:'), false)
})

test('with it no forged frame arrives, each try is told of at once, and honest ones arrive', async (t) => {
  assert.equal(await guard.bind(ALL), true)
  assert.equal(await guard.bind(ALL), false)
  await forget()
  await fromVictim()
  const began = performance.now()
  const forging = forgeAddress()
  await poll('a notice of the address', async () => following.all.length > 0)
  t.diagnostic(`told of after ${Math.round(performance.now() - began)} ms, the attacker's start included`)
  await forging
  assert.equal(await fromVictim(), 0)
  assert.deepEqual(
    [following.all[0]?.notice, following.all[0]?.link, following.all[0]?.source],
    ['spoof', ATTACKER.link, VICTIM.address],
  )
  following.all.length = 0
  await forget()
  await forgeArp()
  assert.doesNotMatch(await cardOfVictim(), new RegExp(ATTACKER.card))
  await poll('a notice of the neighbour message', async () =>
    following.all.some(({ protocol }) => protocol === 'arp'),
  )
  await greet(VICTIM, SERVER)
  assert.equal(await fromVictim(), 2)
})

test('the neighbour message that was not believed would be: it is while a hand has taken the bindings away', async () => {
  await makeNft(host.enter).remove('bridge', portTableOf(place))
  await forget()
  await forgeArp()
  assert.match(await cardOfVictim(), new RegExp(ATTACKER.card))
  await guard.ensure()
  await forget()
  await forgeArp()
  assert.doesNotMatch(await cardOfVictim(), new RegExp(ATTACKER.card))
})

test('with it no message of a router of IPv6 arrives, and each kind is told of', async () => {
  for (const [source, forge] of [
    ['fe80::134', () => bringNetwork('2001:db8:68')],
    ['fe80::137', bringWay],
  ] as const) {
    following.all.length = 0
    await forge()
    await poll(`a notice of ${source}`, async () => following.all.length > 0)
    const [first] = following.all
    assert.deepEqual([first?.notice, first?.link, first?.source], ['spoof', ATTACKER.link, source])
  }
  assert.equal(await fromRouters(), 0)
})

test('what the bridge does not know the place of is heard by nobody but whom it is for', async () => {
  assert.equal(await strayFrames(), 0)
})

test('who had claimed another’s address before his port was bound hears nothing of what is for that', async () => {
  assert.equal(await drawnFrames(), 0)
  await fromVictim()
  await greet(VICTIM, SERVER)
  assert.equal(await fromVictim(), 2)
})

test("another's hardware address draws nothing to the attacker", async () => {
  following.all.length = 0
  await inside(ATTACKER).ip('link', 'set', 'eth0', 'address', VICTIM.card)
  await greet(ATTACKER, SERVER)
  await poll('a notice of the card', async () => following.all.some(({ card }) => card === VICTIM.card))
  const { stdout } = await host.run(['bridge', 'fdb', 'show', 'br', LAN])
  assert.doesNotMatch(stdout, new RegExp(`${VICTIM.card} dev ${ATTACKER.link} master ${LAN} *$`, 'm'))
})

test('a dead agent leaves it closed; a port that it does not know says nothing', async () => {
  await inside(ATTACKER).ip('link', 'set', 'eth0', 'address', ATTACKER.card)
  const another = makeHostGuard(makeNft(host.enter), place)
  await another.ensure()
  await fromVictim()
  await forgeAddress()
  assert.equal(await fromVictim(), 0)
  await another.bind(ALL.filter(({ link }) => link !== ATTACKER.link))
  await forgeAddress()
  assert.equal(await fromVictim(), 0)
})

test('who is about to start speaks as who he is to be, before anybody knows his port, and as nobody else', async () => {
  const unknown = makeHostGuard(makeNft(host.enter), place)
  await unknown.bind([SERVER, ATTACKER])
  await greet(VICTIM, SERVER)
  assert.equal(await fromVictim(), 0)
  await unknown.expect(VICTIM.address)
  await greet(VICTIM, SERVER)
  assert.equal(await fromVictim(), 2)
  await unknown.bind([SERVER])
  await inside(ATTACKER).ip('address', 'add', '10.232.129.67/24', 'dev', 'eth0')
  const another = '10.232.129.67'
  const asks = async () => (await inside(ATTACKER).run(arping(another, '1'))).exitCode
  const isKnown = async () => (await inside(SERVER).run(['ip', 'neighbour'])).stdout.includes(another)
  await forget()
  assert.notEqual(await asks(), 0)
  assert.equal(await isKnown(), false)
  await unknown.expect(another)
  assert.equal(await asks(), 0)
  assert.equal(await isKnown(), true)
})

test('the platform’s own part is heard when it starts without an agent, and other networks are left alone', async () => {
  const own = addressesOf(place).pgproxy.apps
  await inside(VICTIM).ip('address', 'add', `${own}/32`, 'dev', 'eth0')
  await inside(SERVER).ip('route', 'add', `${own}/32`, 'dev', 'eth0')
  await makeHostGuard(makeNft(host.enter), place).bind([SERVER])
  const ping = (to: string) => inside(SERVER).run(['ping', '-c', '1', '-W', '1', to])
  assert.equal((await ping(own)).exitCode, 0)
  for (const [one, address] of [
    [SERVER, '10.244.0.1/24'],
    [ATTACKER, '10.244.0.2/24'],
  ] as const)
    await inside(one).ip('address', 'add', address, 'dev', 'eth0')
  await makeHostGuard(makeNft(host.enter), place).bind([])
  assert.equal((await ping('10.244.0.2')).exitCode, 0)
  assert.notEqual((await ping(ATTACKER.address)).exitCode, 0)
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { NO_ORDERS } from '#contract/guard.ts'
import { makeNft, type Nft } from '#runtime/drivers/nft.ts'
import { handAfterLoad } from '#runtime/drivers/test-hand.ts'
import { makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { makeHostGuard } from './apply-guard.ts'
import { makePortGuard } from './keep-ports.ts'
import { parseMembers } from './members.ts'
import { guardTableOf, portTableOf } from './names.ts'
import { place } from './test-attack.ts'

const PORTS = [
  { link: 'pa', card: '02:90:00:00:00:02', address: '10.232.129.2' },
  { link: 'pb', card: '02:90:00:00:00:03', address: '10.232.129.3' },
]
const STARTING = '10.232.129.9'
const [guardTable, portTable] = [guardTableOf(place), portTableOf(place)]

let host: TestNetwork
let nft: Nft

before(async () => {
  host = await makeNetwork('b')
  nft = makeNft(host.enter)
})
after(async () => await host?.remove())

/** The bindings as the kernel has them, but for the time that is left to who is about to start. */
const bindings = async () =>
  (await nft.list('bridge', portTable))?.replace(/(10\.232\.129\.9) timeout \w+/, '$1 for a while')

test('of the bindings of ports, whatever a hand changes is found at the next look and undone, members among it', async () => {
  const ports = makePortGuard(nft, place)
  await ports.bind(PORTS)
  await ports.expect(STARTING)
  assert.equal(await ports.ensure(), false)
  const asItShould = await bindings()
  assert.match(asItShould ?? '', /10\.232\.129\.9 for a while/)
  const hands = [
    `delete table bridge ${portTable}`,
    `add element bridge ${portTable} places { "pa" . 02:90:00:00:00:02 . 10.232.129.3 }`,
    `delete element bridge ${portTable} ports { "pa" }`,
    `insert rule bridge ${portTable} p_pre accept`,
    `add chain bridge ${portTable} another { type filter hook prerouting priority -301; policy drop; }`,
    `add chain bridge ${portTable} p_pre { policy drop; }`,
  ]
  for (const hand of hands) {
    await nft.load(`${hand}\n`)
    assert.notEqual(await bindings(), asItShould, hand)
    assert.equal(await ports.ensure(), true, hand)
    assert.equal(await bindings(), asItShould, hand)
    assert.equal(await ports.ensure(), false, hand)
  }
})

test('a change that a hand makes right after a load, before the look at what it gave, is undone at the next look, and told', async () => {
  const [lateHand, behind] = handAfterLoad(nft)
  const ports = makePortGuard(behind, place)
  lateHand(`add element bridge ${portTable} places { "pa" . 02:90:00:00:00:02 . 10.232.129.3 }`)
  await ports.bind(PORTS)
  assert.equal(await ports.ensure(), true)
  lateHand(`delete element bridge ${portTable} ports { "pa" }`)
  assert.equal(await ports.ensure(), true, 'this hand, too, came after the load')
  assert.equal(await ports.ensure(), true)
  assert.equal(await ports.ensure(), false)
  assert.match((await nft.list('bridge', portTable)) ?? '', /ports \{[^}]*elements = \{ "pa"/)
  assert.doesNotMatch((await nft.list('bridge', portTable)) ?? '', /02:00:02 \. 10\.232\.129\.3/)

  const guard = makeHostGuard(behind, place)
  lateHand(`add rule inet ${guardTable} g_input accept`)
  assert.equal(await guard.ensure(), 'loaded')
  assert.equal(await guard.ensure(), 'mended')
  assert.equal(await guard.ensure(), 'nothing')
  const given = { open: ['tcp . 22'], hosts: ['192.0.2.1'], crowds: [], orders: NO_ORDERS }
  const look = async () => {
    await guard.members()
    return await guard.give(given, Date.now())
  }
  lateHand(`add element inet ${guardTable} partner4 { 203.0.113.9 }`)
  assert.equal(await look(), 'loaded')
  assert.equal(await look(), 'mended')
  assert.equal(await look(), 'nothing')
  assert.doesNotMatch(await nft.members('inet', guardTable, ['partner4']), /203\.0\.113\.9/)
})

test('what a hand has changed is told, too, when it is undone by binding other ports', async () => {
  const ports = makePortGuard(nft, place)
  await ports.bind(PORTS)
  await ports.ensure()
  await nft.load(`delete element bridge ${portTable} ports { "pa" }\n`)
  assert.equal(await ports.bind(PORTS.slice(0, 1)), true)
  assert.equal(await ports.ensure(), true)
  assert.equal(await ports.ensure(), false)
  assert.match((await bindings()) ?? '', /elements = \{ "pa" \}/)
})

test('who is expected no more is not brought back with the bindings', async () => {
  let now = Date.now()
  const ports = makePortGuard(nft, place, () => now)
  await ports.bind(PORTS)
  await ports.expect(STARTING)
  now += 200_000
  await nft.load(`delete table bridge ${portTable}\n`)
  assert.equal(await ports.ensure(), true)
  assert.doesNotMatch((await bindings()) ?? '', /10\.232\.129\.9/)
})

test('of whom people let in and keep out, whatever a hand changes is found at the next look and undone; ends of time are none', async () => {
  const guard = makeHostGuard(nft, place)
  const block = (source: string, forMs: number) => ({
    ...{ source, since: new Date().toISOString(), reason: 'test' },
    until: new Date(Date.now() + forMs).toISOString(),
  })
  const blocks = [block('203.0.113.7', 600_000)]
  let given = { open: ['tcp . 22'], hosts: ['192.0.2.1'], crowds: [], orders: { ...NO_ORDERS, blocks } }
  const look = async () => {
    await guard.members()
    return await guard.give(given, Date.now())
  }
  const blocked = async () =>
    parseMembers(await nft.members('inet', guardTable, ['blocked4'])).map(({ address }) => address)
  assert.equal(await guard.ensure(), 'loaded')
  assert.equal(await look(), 'loaded')
  assert.equal(await look(), 'nothing')
  const hands = [
    `flush set inet ${guardTable} blocked4`,
    `add element inet ${guardTable} partner4 { 203.0.113.9 }`,
    `add element inet ${guardTable} open { tcp . 23 }`,
  ]
  for (const hand of hands) {
    await nft.load(`${hand}\n`)
    assert.equal(await look(), 'mended', hand)
    assert.equal(await look(), 'nothing', hand)
  }
  assert.ok((await blocked()).includes('203.0.113.7'))
  assert.doesNotMatch(await nft.members('inet', guardTable, ['partner4', 'open']), /203\.0\.113\.9|tcp \. 23/)
  for (const hand of hands) {
    await nft.load(`${hand}\n`)
    given = { ...given, hosts: [...given.hosts, `192.0.2.${given.hosts.length + 1}`] }
    const bySet = hand.startsWith('flush') ? 'loaded' : 'mended'
    assert.equal(await look(), bySet, `${hand}, while something else was decided`)
    assert.equal(await look(), 'nothing', hand)
  }
  given = { ...given, orders: { ...NO_ORDERS, blocks: [...blocks, block('203.0.113.8', 1_500)] } }
  assert.equal(await look(), 'loaded')
  let did = await look()
  for (const end = Date.now() + 30_000; did === 'nothing' && Date.now() < end; ) did = await look()
  assert.equal(did, 'loaded')
  assert.deepEqual(await blocked(), ['203.0.113.7'])
})

test('a chain that a hand puts beside the judge of scanners is taken away', async () => {
  const guard = makeHostGuard(nft, place)
  await guard.ensure()
  const asItShould = await nft.rules('inet', guardTable)
  await nft.load(
    `add chain inet ${guardTable} wall { type filter hook input priority -31; policy drop; }\nadd chain inet ${guardTable} side\nadd rule inet ${guardTable} g_input jump side\n`,
  )
  assert.equal(await guard.ensure(), 'mended')
  assert.equal(await nft.rules('inet', guardTable), asItShould)
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { UID } from '#contract/installation.ts'
import { SPEAKER_PORT } from '#contract/upstream.ts'
import { until } from '#runtime/agent/test-host.ts'
import { answerOn } from '#runtime/drivers/test-networks.ts'
import {
  isReady,
  makeProviderField,
  OWN,
  OWN6,
  ordersOf,
  type ProviderField,
  ROUTER,
} from './test-provider.ts'

let field: ProviderField
let speaker: number
before(async () => {
  field = await makeProviderField()
  await field.keeper.putOrders(ordersOf([]))
  assert.ok(await isReady(field.home))
  speaker = field.startSpeaker()
  await up()
})
after(() => field?.remove())

const BLACKHOLE = `${OWN}/32 (65535,666)`
const BLACKHOLE6 = `${OWN6}/128 (65535,666)`
const SHARED = '203.0.113.9/32 (65535,666)'
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()
const session = () => field.keeper.report()?.sessions[0]
const up = () => until('the session stands', async () => session()?.up === true)
const isHeard = async (...expected: string[]) =>
  (await field.heard()).join('\n') === expected.sort().join('\n')
const heard = (what: string, ...expected: string[]) => until(what, () => isHeard(...expected))

test('the provider hears an address with the community soon after it is asked for, and nothing else ever', async () => {
  // What the host knows of routes is nobody's business.
  await field.host.ip('route', 'add', '198.51.100.0/24', 'via', ROUTER)
  await field.host.ip('route', 'add', 'blackhole', '192.0.2.0/24')
  assert.ok(await isHeard(), 'nothing is said as long as nothing is asked for')
  const began = performance.now()
  await field.keeper.putOrders(ordersOf([{ address: OWN, until: inMs(60_000) }]))
  await heard('the provider hears it', BLACKHOLE)
  assert.ok(performance.now() - began < 2_000, `${Math.round(performance.now() - began)} ms`)
  const more = [OWN, '203.0.113.9'].map((address) => ({ address, until: inMs(60_000) }))
  await field.keeper.putOrders(ordersOf(more))
  await heard('and another', BLACKHOLE, SHARED)
  await field.keeper.putOrders(ordersOf(more.slice(1)))
  await heard('what is taken back is gone, the other stays', SHARED)
  assert.deepEqual(session()?.announced, ['203.0.113.9'])
  await field.keeper.putOrders(ordersOf([]))
  await heard('nothing is left')
})

test('an address of IPv6 is heard alone with the community in the same session, and let through again', async () => {
  const until = inMs(60_000)
  await field.keeper.putOrders(ordersOf([OWN, OWN6].map((address) => ({ address, until }))))
  await heard('the provider hears both', BLACKHOLE, BLACKHOLE6)
  assert.deepEqual(session()?.announced, [OWN6, OWN])
  await field.keeper.putOrders(ordersOf([{ address: OWN, until }]))
  await heard('one is taken back', BLACKHOLE)
  await field.keeper.putOrders(ordersOf([]))
  await heard('nothing is left')
})

test('a part of the traffic is heard as a flow rule with what to do, and ends in time', async () => {
  const drop = '(generic, 0x80060000, 0x0)'
  const flows = [
    { address: OWN, only: 'udp:53', until: inMs(60_000) },
    { address: OWN, only: 'icmp', until: inMs(6_000) },
    { address: OWN6, only: 'tcp:8443', until: inMs(60_000) },
  ]
  await field.keeper.putOrders(ordersOf([], [], { flowRules: true, flows }))
  const [udp, six] = [
    `flow4 { dst ${OWN}/32; proto 17; dport 53; } ${drop}`,
    `flow6 { dst ${OWN6}/128; next header 6; dport 8443; } ${drop}`,
  ]
  await heard('the provider hears them', udp, six, `flow4 { dst ${OWN}/32; proto 1; } ${drop}`)
  await heard('one is over', udp, six)
  await field.keeper.putOrders(ordersOf([], [], { flowRules: true }))
  await heard('nothing is left')
  await field.keeper.putOrders(ordersOf([]))
  await up()
})

test('an announcement ends in time without anybody’s word, also when the agent was away', async () => {
  await field.keeper.putOrders(ordersOf([{ address: OWN, until: inMs(5_000) }]))
  await heard('the provider hears it', BLACKHOLE)
  await field.reopen()
  assert.ok(await isHeard(BLACKHOLE), 'an agent that is replaced takes nothing back')
  await heard('it is over')
})

test('nobody knocks where BIRD listens, and BIRD speaks to the provider’s router only', async () => {
  const knock = (from: ProviderField['host'], ...to: [string, number]) =>
    from.run(['timeout', '1', 'bash', '-c', 'exec 3<>/dev/tcp/$0/$1', to[0], String(to[1])])
  assert.equal((await knock(field.router, OWN, SPEAKER_PORT)).exitCode, 124, 'silence')
  const listening = await field.host.run(['ss', '-tlnH', `sport = :${SPEAKER_PORT}`])
  assert.match(listening.stdout, new RegExp(`LISTEN .*${OWN}:${SPEAKER_PORT}`), 'somebody is there')
  field.router.start(answerOn([22]))
  const ask = ['timeout', '1', 'bash', '-c', `exec 3<>/dev/tcp/${ROUTER}/22`]
  await until('the router answers others', async () => (await field.host.run(ask)).exitCode === 0)
  const asSpeaker = ['setpriv', `--reuid=${UID.upstream}`, '--clear-groups', ...ask]
  assert.equal((await field.host.run(asSpeaker)).exitCode, 124, 'it gets no answer but on the session’s port')
})

test('what comes to an address is counted, and more than the limit is told of with how long it lasts', async () => {
  await field.keeper.putOrders(
    ordersOf(
      [],
      [OWN, OWN6].map((address) => ({ address, perSecond: 200 })),
    ),
  )
  await up()
  assert.deepEqual(field.keeper.report()?.above, [])
  const flood = field.router.run(['ping', '-q', '-i', '0.001', '-w', '5', OWN])
  await until('it is told of', async () => (field.keeper.report()?.above[0]?.forS ?? 0) >= 2)
  const [above] = field.keeper.report()?.above ?? []
  assert.equal(above?.address, OWN)
  assert.ok((above?.perSecond ?? 0) >= 200)
  await flood
  await field.router.run(['ping', '-6', '-q', '-i', '0.01', '-w', '2', OWN6])
  const measured = () => field.keeper.report()?.measured ?? []
  await until('IPv6 to be counted', async () => (measured()[1]?.highest ?? 0) > 20)
  assert.ok((measured()[0]?.highest ?? 0) >= (above?.perSecond ?? 0), 'the highest is kept')
  await until('it is over', async () => field.keeper.report()?.above.length === 0)
})

test('a BIRD that is dead is a sentence with what to do; back again it says the same', async () => {
  await field.keeper.putOrders(ordersOf([{ address: OWN, until: inMs(60_000) }]))
  await heard('the provider hears it', BLACKHOLE)
  process.kill(speaker, 'SIGKILL')
  await until('it is told of', async () => field.keeper.report()?.problem !== '')
  assert.match(
    field.keeper.report()?.problem ?? '',
    /^Nothing can be announced to isp \(203\.0\.113\.254: BIRD does not run\).*maru network upstream test isp/,
  )
  await heard('what nobody holds up is let through')
  speaker = field.startSpeaker()
  await heard('it is asked for again', BLACKHOLE)
  await until('all is well', async () => field.keeper.report()?.problem === '')
})

test('a wrong password is a session that does not stand', async () => {
  const [own] = ordersOf([]).sessions
  assert.ok(own)
  await field.keeper.putOrders({ sessions: [{ ...own, password: 'another-one' }], counted: [] })
  await until('it does not stand', async () => session()?.up === false)
  await field.keeper.putOrders(ordersOf([]))
  await up()
})

test('without a provider nothing is left of it in the packet filter', async () => {
  await field.keeper.putOrders({ sessions: [], counted: [] })
  assert.equal(field.keeper.report(), undefined)
  const tables = await field.host.run(['nft', 'list', 'tables'])
  assert.equal(tables.stdout.trim(), '')
})

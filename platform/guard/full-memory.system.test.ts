import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addressesOf } from '#contract/installation.ts'
import { answerOn, askTimes, cable, makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { MEMORIES, type Memory } from './names.ts'
import { type Field, HOST, IMPATIENT, learned, makeField, PORTS, place, SOURCE } from './test-attack.ts'
import { followNotices, type Notices, poll } from './test-notices.ts'

let field: Field
let instance: TestNetwork
let following: Notices
const { bridge, gateway } = addressesOf(place).networks.apps
const INSTANCE = '10.232.130.7'
const [other = 0] = PORTS.others

before(async () => {
  await installPrograms({ hping3: 'hping3', nmap: 'nmap', ...PACKET_LOG, ping: 'iputils-ping' })
  field = await makeField()
  instance = await makeNetwork('i')
  await field.host.ip('link', 'add', bridge, 'type', 'bridge')
  await field.host.ip('address', 'add', `${gateway}/17`, 'dev', bridge)
  await field.host.ip('link', 'set', bridge, 'up')
  await cable(field.host, 'instance', [], instance, 'eth0', [`${INSTANCE}/17`])
  await field.host.ip('link', 'set', 'instance', 'master', bridge)
  await instance.ip('route', 'add', 'default', 'via', gateway)
  await field.host.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1'])
  await field.load(GOT)
  field.client.start(answerOn([PUBLISHED]))
  following = await followNotices(field.host)
})
after(async () => {
  await following?.end()
  await instance?.remove()
  await field?.remove()
})

/** A port of the host that leads to a program behind it. */
const PUBLISHED = 21_000

/** What gets past the guard: the rules of who may speak to whom come after it. */
const GOT = `table ip lead {
  chain in { type nat hook prerouting priority dstnat; tcp dport ${PUBLISHED} dnat to ${SOURCE.client}; }
}
table inet got {
  counter tunnel { }
  counter datagrams { }
  counter pings { }
  counter asked { }
  counter passed { }
  chain i {
    type filter hook input priority 10; policy accept;
    meta l4proto 47 counter name tunnel
    udp dport 20400 counter name datagrams
    icmp type echo-request counter name pings
    iifname "${bridge}" tcp flags & (syn | ack) == syn counter name asked
  }
  chain f {
    type filter hook forward priority 10; policy accept;
    iifname "${bridge}" tcp dport 80 counter name passed
  }
}
`
type Got = 'tunnel' | 'datagrams' | 'pings' | 'asked' | 'passed'
/** How many packets of a kind have got past it while something was done. */
async function got(what: Got, work: () => Promise<unknown>): Promise<number> {
  const reset = () => field.host.run(['nft', 'reset', 'counter', 'inet', 'got', what])
  await reset()
  await work()
  return Number(/packets (\d+)/.exec((await reset()).stdout)?.[1])
}

const ask = async (port: number) => Number((await field.client.run(askTimes(HOST.client, [port], 3))).stdout)
const scan = async (...kind: readonly string[]) => {
  const options = ['-n', '-Pn', ...IMPATIENT, '--host-timeout', '20s', '-oX', '-', '-p', PORTS.range]
  return learned((await field.attacker.run(['nmap', ...kind, ...options, HOST.attacked])).stdout)
}
const knock = (from: TestNetwork, to: string, ports: string, count: number) =>
  from.run(['hping3', '-q', '-S', '-i', 'u5000', '-p', ports, '-c', String(count), to], { timeoutMs: 20_000 })

/** Visitors of whom the memory knows nothing are answered. */
const answered = async () => {
  assert.equal(await ask(other), 3)
  assert.equal(await ask(PORTS.web.http), 3)
}
/** So are those of a published port, again and again. */
const led = async () => {
  const { stdout } = await field.attacker.run(askTimes(HOST.attacked, [PUBLISHED], 3))
  assert.equal(Number(stdout), 3)
}
/** A scanner hears of no closed port, and of open ones as before. */
const silent = async () => {
  const { closed, open } = await scan('-sS')
  assert.deepEqual({ closed, open }, { closed: 0, open: 15 })
  await answered()
}
/** He is held after twenty questions within a minute. */
const heldAllTheSame = async () => {
  const { closed, open } = await scan('-sS')
  assert.equal(closed, 0)
  assert.ok(open < 15, `all ${open} open ports were learned`)
  assert.ok((await field.members('held4')).includes(SOURCE.attacker))
  await answered()
}
const speak = () => field.attacker.run(['hping3', '-q', '-0', '-H', '47', '-c', '3', HOST.attacked])
/** More than all together may send, without a pause. */
const pour = (count: number, ...kind: readonly string[]) =>
  field.attacker.run(['hping3', '-q', '--faster', '-c', String(count), ...kind, HOST.attacked])
const datagrams = ['-2', '-k', '-s', '9', '-p', '20400'] as const
/** An instance searches the host: how many of its 30 questions go on to the rules, which forbid an answer. */
const searched = () => got('asked', () => knock(instance, gateway, '++20300', 30))
/** It goes to one port of 30 addresses of a private network, behind the host: how many of its questions go on to the rules. */
const swept = () =>
  got('passed', () =>
    instance.run([
      ...['nmap', '-sS', '-n', '-Pn', ...IMPATIENT, '--host-timeout', '5s'],
      ...['-p', '80', '10.231.2.2-31'],
    ]),
  )
const isHeld = async () => (await field.members('inheld')).includes(INSTANCE)
/** No memory of that kind holds anybody: what it asks goes on. */
const goesOn = async (all: () => Promise<number>) =>
  assert.deepEqual([await all(), await isHeld()], [30, false])
/** Another memory has room, and holds it after so many; it lets a few more through while a search takes its time. */
async function heldAfter(count: number, all: () => Promise<number>): Promise<void> {
  among(await all(), count)
  assert.equal(await isHeld(), true)
}
const among = (past: number, count: number) =>
  assert.ok(past >= count && past <= count + 2, `${past} went on, and not ${count}`)

/** The limit of all stays: of a flood some are dropped, and people hear of many. */
async function limited(what: Got, count: number, ...kind: readonly string[]): Promise<void> {
  const past = await got(what, () => pour(count, ...kind))
  assert.ok(past > 0 && past < count, `${past} of ${count} got past it`)
  await poll('the alarm of all together', async () => following.all.some(({ notice }) => notice === 'floods'))
}

const [ADDRESS, PAIR] = ['192.0.2.1', '192.0.2.1 . 192.0.2.2'] as const
interface Full {
  readonly member: string
  /** Another one that is full as well. */
  readonly with?: Memory
  readonly when: () => Promise<unknown>
}
const FULL: Readonly<Record<Memory, Full>> = {
  held: {
    member: ADDRESS,
    when: async () => {
      const { closed } = await scan('-sS')
      assert.ok(closed <= 4, `${closed} closed ports were learned`)
      assert.deepEqual(await field.members('held4'), [ADDRESS])
      await answered()
    },
  },
  denied: { member: ADDRESS, when: heldAllTheSame },
  probed: { member: `${ADDRESS} . tcp . 9`, when: heldAllTheSame },
  // Told of only when what comes before it has no room either.
  pressed: { member: ADDRESS, with: 'probed', when: silent },
  spoken: {
    member: `${ADDRESS} . tcp`,
    when: async () => {
      assert.equal(await got('tunnel', speak), 0)
      await answered()
    },
  },
  visited: { member: `${ADDRESS} . 9`, when: answered },
  many: { member: ADDRESS, when: answered },
  proven: { member: `${ADDRESS} . 9`, when: answered },
  published: { member: `${PAIR} . 9`, when: led },
  reached: { member: `${PAIR} . 9`, when: led },
  asked: {
    member: `${ADDRESS} . 9`,
    when: async () => {
      await field.host.run(['hping3', '-q', '-2', '-p', '53', '-c', '2', SOURCE.client])
      await answered()
    },
  },
  syn: { member: ADDRESS, when: answered },
  udp: {
    member: ADDRESS,
    when: async () => {
      assert.equal(await got('datagrams', () => pour(3, ...datagrams)), 3)
      await limited('datagrams', 12_000, ...datagrams)
      await answered()
    },
  },
  ping: {
    member: ADDRESS,
    when: async () => {
      const { exitCode } = await field.client.run(['ping', '-q', '-c', '1', '-W', '2', HOST.client])
      assert.equal(exitCode, 0)
      await limited('pings', 6_000, '-1')
    },
  },
  inheld: {
    member: ADDRESS,
    when: async () => {
      // Nobody can be held; what comes after the tenth is dropped one by one.
      among(await searched(), 10)
      assert.deepEqual(await field.members('inheld'), [ADDRESS])
    },
  },
  inprobed: { member: `${ADDRESS} . tcp . 9`, when: () => goesOn(searched) },
  indenied: { member: ADDRESS, when: () => goesOn(searched) },
  inseen: { member: `${PAIR} . 9`, when: () => heldAfter(20, swept) },
  inports: { member: PAIR, when: () => heldAfter(20, swept) },
  inswept: { member: PAIR, when: () => goesOn(swept) },
  insweeps: { member: ADDRESS, when: () => goesOn(swept) },
}

test('with room in all of them a protocol is heard three times, and an instance is held after ten closed ports or twenty addresses', async () => {
  await field.fresh()
  assert.equal(await got('tunnel', speak), 3)
  await heldAfter(10, searched)
  await field.fresh()
  await heldAfter(20, swept)
})

for (const memory of MEMORIES)
  test(`no room in ${memory}: what is safe is refused, visitors are answered, and people hear of it`, async () => {
    const { with: other, when } = FULL[memory]
    const full = other === undefined ? [memory] : [memory, other]
    const setOf = (one: Memory) => (one.startsWith('in') ? one : `${one}4`)
    await field.fresh(...full.map((one) => ({ set: setOf(one), member: FULL[one].member })))
    following.all.length = 0
    await when()
    const told = () => following.all.filter(({ notice }) => notice === 'full').map(({ link }) => link)
    await poll(`the alarm of ${memory}`, async () => told().includes(memory))
    assert.deepEqual(new Set(told()), new Set(full))
  })

test('an instance that searches on fills no memory of the others', async () => {
  await field.fresh()
  await knock(instance, gateway, '++20300', 200)
  const { stdout } = await field.host.run(['nft', 'list', 'set', 'inet', field.table, 'inprobed'])
  const kept = stdout.match(/expires/g)?.length ?? 0
  assert.ok(kept > 5 && kept < 20, `${kept} of 200 ports`)
  assert.deepEqual(await field.members('inheld'), [INSTANCE])
})

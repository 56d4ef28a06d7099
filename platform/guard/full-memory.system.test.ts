import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addressesOf } from '#contract/installation.ts'
import { askTimes, cable, makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { MEMORIES, type Memory } from './names.ts'
import { type Field, HOST, IMPATIENT, learned, makeField, PORTS, place } from './test-attack.ts'
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
  following = await followNotices(field.host)
})
after(async () => {
  await following?.end()
  await instance?.remove()
  await field?.remove()
})

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
/** A scanner hears of no closed port, and of open ones as before. */
const silent = async () => {
  const { closed, open } = await scan('-sS')
  assert.deepEqual({ closed, open }, { closed: 0, open: 15 })
  await answered()
}
/** An instance searches the host. Its memories shut nobody in, nor does a search get an answer that a rule forbids. */
const searchHost = () => knock(instance, gateway, '++20300', 30)
/** It goes to one port of many addresses of a private network, behind the host. */
const sweep = () =>
  instance.run([
    ...['nmap', '-sS', '-n', '-Pn', ...IMPATIENT, '--host-timeout', '5s'],
    ...['-p', '80', '10.231.2.0/27'],
  ])

const [ADDRESS, PAIR] = ['192.0.2.1', '192.0.2.1 . 192.0.2.2'] as const
const FULL: Readonly<Record<Memory, { readonly member: string; readonly when: () => Promise<unknown> }>> = {
  held: {
    member: ADDRESS,
    when: async () => {
      const { closed } = await scan('-sS')
      assert.ok(closed <= 4, `${closed} closed ports were learned`)
      assert.deepEqual(await field.members('held4'), [ADDRESS])
      await answered()
    },
  },
  denied: { member: ADDRESS, when: silent },
  probed: { member: `${ADDRESS} . tcp . 9`, when: silent },
  spoken: {
    member: `${ADDRESS} . tcp`,
    when: () => field.attacker.run(['hping3', '-q', '-0', '-H', '47', '-c', '3', HOST.attacked]),
  },
  visited: { member: `${ADDRESS} . 9`, when: answered },
  many: { member: ADDRESS, when: answered },
  proven: { member: `${ADDRESS} . 9`, when: answered },
  syn: { member: ADDRESS, when: answered },
  udp: {
    member: ADDRESS,
    when: () => field.attacker.run(['hping3', '-q', '-2', '-p', '20400', '-c', '3', HOST.attacked]),
  },
  ping: {
    member: ADDRESS,
    when: async () => {
      const { exitCode } = await field.client.run(['ping', '-q', '-c', '1', '-W', '2', HOST.client])
      assert.equal(exitCode, 0)
    },
  },
  inheld: {
    member: ADDRESS,
    when: async () => {
      await searchHost()
      assert.deepEqual(await field.members('inheld'), [ADDRESS])
    },
  },
  inprobed: { member: `${ADDRESS} . tcp . 9`, when: searchHost },
  indenied: { member: ADDRESS, when: searchHost },
  inseen: { member: `${PAIR} . 9`, when: sweep },
  inports: { member: PAIR, when: sweep },
  inswept: { member: PAIR, when: sweep },
  insweeps: { member: ADDRESS, when: sweep },
}

for (const memory of MEMORIES)
  test(`no room in ${memory}: what is safe is refused, visitors are answered, and people hear of it`, async () => {
    const { member, when } = FULL[memory]
    await field.fresh({ set: memory.startsWith('in') ? memory : `${memory}4`, member })
    following.all.length = 0
    await when()
    const told = () => following.all.filter(({ notice }) => notice === 'full').map(({ link }) => link)
    await poll(`the alarm of ${memory}`, async () => told().includes(memory))
    assert.deepEqual([...new Set(told())], [memory])
  })

test('an instance that searches on fills no memory of the others', async () => {
  await field.fresh()
  await knock(instance, gateway, '++20300', 200)
  const { stdout } = await field.host.run(['nft', 'list', 'set', 'inet', field.table, 'inprobed'])
  const kept = stdout.match(/expires/g)?.length ?? 0
  assert.ok(kept > 5 && kept < 20, `${kept} of 200 ports`)
  assert.deepEqual(await field.members('inheld'), [INSTANCE])
})

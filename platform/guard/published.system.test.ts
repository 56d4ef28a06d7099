import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { answerOn, askTimes } from '#runtime/drivers/test-networks.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { type Field, HOST, learned, makeField, SOURCE } from './test-attack.ts'

/** Ports of the host that lead to programs of somebody else at its other card, as those do that containers publish. */
const PUBLISHED = Array.from({ length: 60 }, (_, at) => 21_000 + at)
const RANGE = '21000-21059'
const [first = 0, second = 0] = PUBLISHED

let field: Field
before(async () => {
  await installPrograms({ nmap: 'nmap' })
  field = await makeField()
  field.client.start(answerOn(PUBLISHED))
  await field.host.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1'])
  await field.load(`table ip published {
  chain in { type nat hook prerouting priority dstnat; ip daddr ${HOST.attacked} tcp dport ${RANGE} dnat to ${SOURCE.client}; }
}
`)
})
after(async () => await field?.remove())

const held = () => field.members('held4')
const scan = async (ports: string) => {
  const quick = ['-T4', '--min-rate', '500', '--host-timeout', '30s', '-oX', '-']
  return learned((await field.scan(ports, ...quick)).stdout)
}
/** How many of so many connections by the attacker's machine are answered. */
const ask = async (ports: readonly number[], times: number) =>
  Number((await field.attacker.run(askTimes(HOST.attacked, ports, times))).stdout)

test('without the guard a scanner learns all that a host publishes', async () => {
  assert.equal((await scan(RANGE)).open, PUBLISHED.length)
})

test('who asks for many published ports in a minute is held, and learns no more of them', async () => {
  await field.fresh()
  const { open } = await scan(RANGE)
  assert.ok(open >= 20 && open <= 22, `${open} open ports`)
  assert.deepEqual(await held(), [SOURCE.attacker])
  assert.equal(await ask([first, second], 2), 0)
})

test('who searches the host’s own ports is held at those that it publishes, too', async () => {
  await field.fresh()
  await scan('20000-20010')
  assert.deepEqual(await held(), [SOURCE.attacker])
  assert.equal(await ask([first], 1), 0)
})

test('who uses a few is not held, and keeps what he has proven when somebody forges his address', async () => {
  await field.fresh()
  assert.equal(await ask(PUBLISHED.slice(0, 4), 40), 40)
  assert.deepEqual(await held(), [])
  await field.load(`add element inet ${field.table} held4 { ${SOURCE.attacker} timeout 60s }\n`)
  assert.equal(await ask([first, second], 4), 4)
  assert.equal(await ask(PUBLISHED.slice(10, 11), 1), 0)
})

test('a partner is never judged, and an agreed tester is recorded', async () => {
  await field.fresh()
  await field.load(`add element inet ${field.table} engaged4 { ${SOURCE.attacker} timeout 60s }\n`)
  assert.equal((await scan(RANGE)).open, PUBLISHED.length)
  await field.fresh()
  await field.load(`add element inet ${field.table} partner4 { ${SOURCE.attacker} }\n`)
  assert.equal((await scan(RANGE)).open, PUBLISHED.length)
  assert.deepEqual(await held(), [])
})

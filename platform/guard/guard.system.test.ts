import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { GUARD_LIMITS } from '#contract/guard.ts'
import { until } from '#runtime/agent/test-host.ts'
import { askTimes } from '#runtime/drivers/test-networks.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { type Field, HOST, IMPATIENT, learned, makeField, PORTS, SOURCE } from './test-attack.ts'

let field: Field
before(async () => {
  await installPrograms({ nmap: 'nmap', hping3: 'hping3' })
  field = await makeField()
})
after(async () => await field?.remove())

/** Who scans so fast does not wait for what is not answered. */
const QUICK = ['-T4', ...IMPATIENT, '--min-rate', '500', '--host-timeout', '30s']

const scan = async (kind: string, ...more: readonly string[]) => {
  const options = ['-n', '-Pn', ...QUICK, '-oX', '-']
  const target = kind === '-6' ? HOST.attacked6 : HOST.attacked
  const { stdout } = await field.attacker.run(['nmap', kind, ...options, '-p', PORTS.range, ...more, target])
  return learned(stdout)
}
const ask = async (ports: readonly number[], times: number, atOnce?: number) =>
  Number((await field.client.run(askTimes(HOST.client, ports, times, atOnce))).stdout)
const held = () => field.members('held4', 'held6')
const [other = 0, second = 0, third = 0, fourth = 0] = PORTS.others

test('without the guard a scanner learns every port', async () => {
  assert.deepEqual(await scan('-sS'), { open: 15, closed: 285, unfiltered: 0 })
})

for (const kind of ['-sS', '-sT', '-sA', '-sF', '-sX', '-sN'])
  test(`a fast scan ${kind} is held; what it learns is the platform's own ports and little more`, async (t) => {
    await field.fresh()
    const found = await scan(kind)
    t.diagnostic(JSON.stringify(found))
    // What answers an ACK may be open or closed.
    const { closedPorts } = GUARD_LIMITS
    const others = found.unfiltered > 0 ? found.unfiltered - closedPorts : found.open
    assert.ok(found.closed <= closedPorts, `${found.closed} closed ports`)
    assert.ok(others <= 6, `${others} more`)
    assert.deepEqual(await held(), [SOURCE.attacker])
  })

test('a scan over IPv6 holds the whole network of the sender', async () => {
  await field.fresh()
  const found = await scan('-6')
  assert.ok(found.closed <= 4 && found.open <= 5, JSON.stringify(found))
  assert.deepEqual(await held(), ['2001:db8:231:1::'])
})

test('UDP: the sender of many questions to nobody is held', async () => {
  await field.fresh()
  await field.attacker.run(['nmap', '-sU', '-n', '-Pn', ...QUICK, '-p', '20000-20030', HOST.attacked])
  assert.deepEqual(await held(), [SOURCE.attacker])
})

const fromPort53 = ['hping3', '-q', '-2', '-s', '53', '-k', '-i', 'u5000', '-p', '++20301', '-c', '12']

test('a search by UDP that looks like late answers is one; answers of somebody whom the host asked are none', async () => {
  await field.fresh()
  await field.client.run([...fromPort53, HOST.client])
  assert.deepEqual(await held(), [SOURCE.client])
  await field.fresh()
  await field.host.run(['hping3', '-q', '-2', '-p', '53', '-c', '1', SOURCE.client])
  await field.client.run([...fromPort53, HOST.client])
  assert.deepEqual(await held(), [])
})

/** Seconds for which the client stays known at a port of the host. */
async function knownFor(): Promise<number> {
  const { stdout } = await field.host.run(['nft', 'list', 'set', 'inet', field.table, 'proven4'])
  const [, hours, minutes, seconds] =
    new RegExp(`${SOURCE.client} \\. ${other} expires (\\d+)h(\\d+)m(\\d+)s`).exec(stdout) ?? []
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

test('whoever comes again stays known for a day from then, not from his first connection', async () => {
  await field.fresh()
  assert.equal(await ask([other], 1), 1)
  await until('time to pass', async () => (await knownFor()) <= 86_397)
  assert.equal(await ask([other], 1), 1)
  assert.ok((await knownFor()) > 86_397)
})

test('decoys: a client whose address the scan forges keeps what it has proven, and the platform', async () => {
  await field.fresh()
  assert.equal(await ask([PORTS.web.http, other], 4), 4)
  await scan('-sS', '-D', `${SOURCE.client},ME`)
  assert.equal(await ask([PORTS.web.http, PORTS.web.https, other], 30), 30)
  assert.deepEqual((await held()).sort(), [SOURCE.attacker, SOURCE.client].sort())
})

test('a sender that is held still reaches the platform, and nothing else', async () => {
  await field.fresh()
  await field.load(`add element inet ${field.table} held4 { ${SOURCE.client} timeout 60s }\n`)
  assert.equal(await ask([PORTS.web.http], 5), 5)
  assert.equal(await ask([other], 1), 0)
})

test('forged answers prove nothing', async () => {
  await field.fresh()
  const forge = ['hping3', '-q', '-c', '20', '-i', 'u1000', '-a', SOURCE.client, '-p', String(other)]
  for (const flag of ['-S', '-A', '-R']) await field.attacker.run([...forge, flag, HOST.attacked])
  const nobody = await field.host.run(['nft', 'list', 'set', 'inet', field.table, 'proven4'])
  assert.doesNotMatch(nobody.stdout, new RegExp(SOURCE.client.replaceAll('.', '\\.')))
})

test('ordinary clients are never held: four ports, many connections, one wrong port', async () => {
  await field.fresh()
  assert.equal(await ask([PORTS.web.http, other, second, third], 20), 20)
  assert.equal(await ask([PORTS.web.http], 2_000, 200), 2_000)
  assert.equal(await ask([20_001], 3), 0)
  assert.equal(await ask([fourth, PORTS.web.https], 4), 4)
  assert.deepEqual(await held(), [])
})

test('a block by people ends what is open, and a partner is never judged', async () => {
  await field.fresh()
  await field.load(`add element inet ${field.table} blocked4 { 10.231.2.0/24 timeout 60s }\n`)
  assert.equal(await ask([PORTS.web.http], 1), 0)
  await field.load(`flush set inet ${field.table} blocked4\n`)
  assert.equal(await ask([PORTS.web.http], 1), 1)
  await field.load(`add element inet ${field.table} partner4 { 10.231.1.2 }\n`)
  assert.equal((await scan('-sS')).open, 15)
  assert.deepEqual(await held(), [])
})

test('rules that are loaded again keep who is held, and who is proven', async () => {
  await field.fresh()
  assert.equal(await ask([other], 2), 2)
  await scan('-sX')
  const before = await held()
  assert.deepEqual(before, [SOURCE.attacker])
  await field.load(
    (await import('./render-host.ts')).renderGuard({
      id: 'field',
      name: 'field',
      subnet: '10.232',
      ports: PORTS.web,
    }),
  )
  assert.deepEqual(await held(), before)
  assert.match(
    (await field.host.run(['nft', 'list', 'set', 'inet', field.table, 'proven4'])).stdout,
    /10\.231\.2\.2/,
  )
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { GuardOrders } from '#contract/guard.ts'
import { HOST, PORTS, place, SOURCE } from '#platform/guard/test-attack.ts'
import { answerOn, askTimes } from '#runtime/drivers/test-networks.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { type GuardedField, makeGuardedField } from './test-guard.ts'
import { until } from './test-host.ts'

let host: GuardedField
const report = (after = 0, waitMs = 0) => host.report(after, waitMs)
const blocked = async (source: string) => (await report()).blocks.find((block) => block.source === source)
const order = (orders: Partial<GuardOrders>) =>
  host
    .guard()
    .putOrders(GuardOrders.parse({ partners: [], engagements: [], blocks: [], lifted: [], ...orders }))
const scan = () => host.field.scan(PORTS.range, '--min-rate', '500')
const ask = async (port: number) =>
  Number((await host.field.client.run(askTimes(HOST.client, [port], 1))).stdout)
const isHeld = async () => (await host.field.members('held4')).includes(SOURCE.attacker)
const [other = 0] = PORTS.others

before(async () => {
  await installPrograms({ nmap: 'nmap', hping3: 'hping3', ...PACKET_LOG })
  host = await makeGuardedField()
})
after(async () => await host?.remove())

test('a scan is told of at once, and once, with the reason, and its sender is held', async (t) => {
  assert.equal(await ask(other), 1)
  const { sequence } = await report()
  const began = performance.now()
  const scanning = scan()
  const first = await report(sequence, 5_000)
  t.diagnostic(`told of after ${Math.round(performance.now() - began)} ms, the scanner's start included`)
  await scanning
  assert.deepEqual(
    first.events.map(({ kind, src_endpoint, disposition }) => [kind, src_endpoint.ip, disposition]),
    [['scan', SOURCE.attacker, 'Blocked']],
  )
  await until('it is remembered', async () => (await blocked(SOURCE.attacker)) !== undefined)
  assert.match((await blocked(SOURCE.attacker))?.reason ?? '', /asked for closed ports/)
  assert.equal((await report()).events.length, 1)
})

test('rules that somebody changed are back within seconds, and who is held stays so', async () => {
  await host.field.load(`flush chain inet ${host.field.table} g_input\n`)
  await until('mended', async () => {
    const { stdout } = await host.field.host.run([
      'nft',
      'list',
      'chain',
      'inet',
      host.field.table,
      'g_input',
    ])
    return stdout.includes('@held4')
  })
  assert.equal(await isHeld(), true)
})

test('after a restart of the machine, of which the kernel knows nothing, the same are held for the time that is left', async () => {
  const before = await blocked(SOURCE.attacker)
  await host.restart(() => host.field.load(`delete table inet ${host.field.table}\n`))
  assert.equal(await isHeld(), true)
  assert.deepEqual(await blocked(SOURCE.attacker), before)
})

test('who is lifted is let go at once', async () => {
  await order({ lifted: [{ source: SOURCE.attacker, at: new Date().toISOString() }] })
  assert.equal(await isHeld(), false)
  assert.equal(await blocked(SOURCE.attacker), undefined)
})

test('a test that was agreed on is recorded and not held; after its end it is held', async () => {
  const window = (fromMs: number, untilMs: number) => ({
    source: SOURCE.attacker,
    from: new Date(Date.now() + fromMs).toISOString(),
    until: new Date(Date.now() + untilMs).toISOString(),
  })
  await host.field.load(
    `flush set inet ${host.field.table} denied4; flush set inet ${host.field.table} probed4\n`,
  )
  await order({ engagements: [window(-1_000, 60_000)] })
  await scan()
  await until('recorded', async () =>
    (await report()).events.some(({ kind, count }) => kind === 'engagement' && count > 3),
  )
  assert.equal(await isHeld(), false)
  await order({ engagements: [window(-60_000, -1_000)] })
  await scan()
  assert.equal(await isHeld(), true)
})

test('a block of people has an end, and ends everything of its source until then', async () => {
  const since = new Date().toISOString()
  const until_ = new Date(Date.now() + 60_000).toISOString()
  const blocks = [{ source: SOURCE.client, since, until: until_, reason: 'test' }]
  await order({ blocks })
  assert.equal(await ask(PORTS.web.http), 0)
  assert.equal((await blocked(SOURCE.client))?.kind, 'blocked')
  await order({})
  assert.equal(await ask(PORTS.web.http), 1)
})

test('who listens inside, or at another address of the host, is closed to whoever asks elsewhere', async () => {
  const { field } = host
  await order({ lifted: [{ source: SOURCE.attacker, at: new Date().toISOString() }] })
  // Who is held a moment after that is still the one who was meant, for as long as it is said.
  await order({})
  await field.load(`flush set inet ${field.table} denied4; flush set inet ${field.table} probed4\n`)
  const inside = `${place.subnet}.128.1`
  await field.host.ip('address', 'add', `${inside}/32`, 'dev', 'lo')
  const ports = [20_401, 20_402, 20_403, 20_404, 20_405]
  field.host.start(answerOn(ports, HOST.client))
  field.host.start(answerOn(ports, inside))
  const shown = async () => (await field.host.run(['nft', 'list', 'table', 'inet', field.table])).stdout
  await until('the kernel knows who listens', async () =>
    (await shown()).includes(`${HOST.client} . tcp . 20405`),
  )
  assert.doesNotMatch(await shown(), new RegExp(`${inside} \\. tcp`))
  assert.equal(
    Number((await field.client.run(askTimes(HOST.client, ports, ports.length))).stdout),
    ports.length,
  )
  await field.scan('20401-20405')
  assert.deepEqual(await field.members('held4'), [SOURCE.attacker])
})

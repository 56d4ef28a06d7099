import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { GUARD_LIMITS } from '#contract/guard.ts'
import { askTimes } from '#runtime/drivers/test-networks.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import type { PacketNotice } from './notice.ts'
import { type Field, HOST, IMPATIENT, learned, makeField, PORTS, SOURCE } from './test-attack.ts'
import { followNotices, type Notices, poll } from './test-notices.ts'

let field: Field
let following: Notices
const [other = 0] = PORTS.others
const INSIDE = '10.232.128.30'

before(async () => {
  await installPrograms({ hping3: 'hping3', nmap: 'nmap', ...PACKET_LOG })
  field = await makeField()
  await field.host.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1'])
  following = await followNotices(field.host)
})
after(async () => {
  await following?.end()
  await field?.remove()
})

const COUNTED = `table inet past
delete table inet past
table inet past {
  counter got { }
  counter opening { }
  chain i {
    type filter hook input priority 0; policy accept;
    iifname "evil" counter name got
    iifname "evil" tcp flags & (fin | syn | rst | ack) == syn counter name opening
  }
  chain f { type filter hook forward priority 0; policy accept; iifname "evil" counter name got; }
}
`
/** The guard anew, and behind it a counter of what comes of the attacker. */
async function begin(): Promise<void> {
  await field.fresh()
  await field.load(COUNTED)
  following.all.length = 0
}
const counter = async (table: string, name: string) => {
  const { stdout } = await field.host.run(['nft', 'list', 'counter', 'inet', table, name])
  return Number(/packets (\d+)/.exec(stdout)?.[1])
}
const send = (...options: readonly string[]) =>
  field.attacker.run(['hping3', '-q', '-i', 'u2000', ...options], { timeoutMs: 20_000 })
const told = (what: PacketNotice['notice']) => following.all.filter(({ notice }) => notice === what)
const ask = async (port: number, times: number) =>
  Number((await field.client.run(askTimes(HOST.client, [port], times))).stdout)

const ODD = [
  ['no flags', []],
  ['SYN and FIN', ['-S', '-F']],
  ['SYN and RST', ['-S', '-R']],
  ['FIN and RST', ['-F', '-R', '-A']],
  ['FIN alone', ['-F']],
  ['FIN, PSH and URG', ['-F', '-P', '-U']],
  ['all flags', ['-F', '-S', '-R', '-P', '-A', '-U']],
  ['URG alone', ['-U']],
] as const

for (const [what, flags] of ODD)
  test(`${what}: dropped at open and closed ports and the platform's, told of, and one packet holds nobody`, async () => {
    await begin()
    const ports = [PORTS.web.https, other, 20_001]
    await Promise.all(ports.map((port) => send(...flags, '-c', '1', '-p', String(port), HOST.attacked)))
    await poll('a notice', async () => told('trick').length >= 3)
    assert.equal(await counter('past', 'got'), 0)
    assert.deepEqual(await field.members('held4'), [])
  })

for (const flags of ['SYNFIN', 'SYNRST', 'FIN', 'FINRST', 'URG'])
  test(`a scan with ${flags} learns nothing, and its sender is held`, async () => {
    await begin()
    const options = ['-n', '-Pn', ...IMPATIENT, '--host-timeout', '30s', '-oX', '-', '-p', PORTS.range]
    const scan = ['nmap', '-sS', '--scanflags', flags, ...options, HOST.attacked]
    const { open, closed, unfiltered } = learned((await field.attacker.run(scan)).stdout)
    assert.deepEqual({ open, closed, unfiltered }, { open: 0, closed: 0, unfiltered: 0 })
    assert.deepEqual(await field.members('held4'), [SOURCE.attacker])
  })

for (const cut of [['-f'], ['--mtu', '24']])
  test(`a scan in fragments (${cut.join(' ')}) is judged as a whole: its sender is held`, async () => {
    await begin()
    const { stdout } = await field.scan(PORTS.range, ...cut, '--host-timeout', '30s', '-oX', '-')
    const { open, closed } = learned(stdout)
    assert.ok(closed <= GUARD_LIMITS.closedPorts && open <= 6, JSON.stringify({ open, closed }))
    assert.deepEqual(await field.members('held4'), [SOURCE.attacker])
  })

test('a length, an offset and a sum that cannot be get no answer where an honest packet does', async () => {
  await begin()
  const answers = async (...odd: readonly string[]) => {
    const { stdout, stderr } = await send('-S', '-c', '3', '-p', `${PORTS.web.https}`, ...odd, HOST.attacked)
    return Number(/(\d+) packets received/.exec(`${stdout}${stderr}`)?.[1])
  }
  assert.equal(await answers(), 3)
  for (const odd of [['--tcpoff', '2'], ['--tcpoff', '15'], ['--badcksum']])
    assert.equal(await answers(...odd), 0, odd.join(' '))
})

test('one odd packet each of many forged senders holds none of them; a client whose address is forged goes on', async () => {
  await begin()
  assert.equal(await ask(other, 2), 2)
  await send('-F', '-S', '--rand-source', '-c', '500', '-p', String(other), HOST.attacked)
  await send('-F', '-S', '-a', SOURCE.client, '-c', '20', '-p', String(other), HOST.attacked)
  assert.deepEqual(await field.members('held4'), [])
  assert.equal(await ask(other, 10), 10)
})

test('ordinary packets of every kind are not odd', async () => {
  await begin()
  assert.equal(await ask(PORTS.web.http, 200), 200)
  const kinds = [['-S'], ['-S', '-P'], ['-A'], ['-A', '-F'], ['-R'], ['-R', '-A'], ['-A', '-P', '-U']]
  const port = String(PORTS.web.http)
  await Promise.all(kinds.map((flags) => send(...flags, '-c', '1', '-p', port, HOST.attacked)))
  // The attacker's kernel ends what it knows nothing of.
  assert.ok((await counter('past', 'got')) >= 7)
  assert.deepEqual(told('trick'), [])
})

for (const kind of ['-sO', '-sY'])
  test(`a scan ${kind} counts as one of ports does: its sender is held`, async () => {
    await begin()
    const ports = kind === '-sO' ? '40-100' : '20000-20030'
    await field.attacker.run([
      ...['nmap', kind, '-n', '-Pn', ...IMPATIENT, '--host-timeout', '30s'],
      ...['-p', ports, HOST.attacked],
    ])
    assert.deepEqual(await field.members('held4'), [SOURCE.attacker])
    const got = await counter('past', 'got')
    assert.ok(got <= GUARD_LIMITS.closedPorts, `${got} packets got in`)
  })

const FORGED = [
  ['an instance opens a connection', INSIDE, ['-S', '-p', `${PORTS.web.https}`], HOST.attacked],
  ['an instance goes on with one', INSIDE, ['-A', '-p', `${PORTS.web.https}`], HOST.attacked],
  ['a part of the platform sends UDP', '10.232.0.10', ['-2', '-p', '53'], HOST.attacked],
  ['a part of the platform pings', '10.232.0.10', ['-1'], HOST.attacked],
  ['the machine itself sends UDP', '127.0.0.1', ['-2', '-p', '53'], HOST.attacked],
  ['the machine itself opens a connection', '127.0.0.1', ['-S', '-p', `${other}`], HOST.attacked],
  ['the address asked opens one (land)', HOST.attacked, ['-S', '-p', `${other}`], HOST.attacked],
  ['another of its addresses opens one', HOST.client, ['-S', '-p', `${other}`], HOST.attacked],
  ['an instance speaks to an address behind the host', INSIDE, ['-S', '-p', '80'], SOURCE.client],
] as const

for (const [what, source, options, to] of FORGED)
  test(`from outside, as if ${what}: none gets in, and it is told of as forged`, async () => {
    await begin()
    const before = await counter(field.table, 'flooded')
    await send(...options, '-a', source, '-c', '40', to)
    await poll('a notice', async () => told('forged').length > 0)
    assert.deepEqual([...new Set(told('forged').map((notice) => notice.source))], [source])
    assert.ok(told('forged').length <= 25, `${told('forged').length} notices of 40 packets at once`)
    assert.equal(await counter('past', 'got'), 0)
    assert.equal((await counter(field.table, 'flooded')) - before, 40)
    assert.deepEqual(await field.members('held4'), [])
  })

test('a SYN flood of forged senders is told of and counted, none of it is dropped for that, and new and known clients are served', async (t) => {
  await begin()
  const attack = send(
    '-S',
    '--rand-source',
    '-i',
    'u100',
    '-c',
    '40000',
    '-p',
    `${PORTS.web.http}`,
    HOST.attacked,
  )
  const served = await ask(PORTS.web.http, 300)
  const known = await ask(other, 100)
  await attack
  await poll('a notice', async () => told('openings').length > 0)
  const [got, counted] = [await counter('past', 'opening'), await counter(field.table, 'flooded')]
  t.diagnostic(`${got} got in, ${counted} above the limit; ${served} of 300 and ${known} of 100 requests`)
  assert.ok(counted > 1_000, `${counted} counted`)
  // Some senders are none that the kernel takes.
  assert.ok(got > 30_000, `${got} of 40000 got in`)
  assert.deepEqual([served, known], [300, 100])
  assert.deepEqual(told('flood'), [])
})

test('one who searches fast is held, and no flood of many', async () => {
  await begin()
  const scan = ['-S', '-i', 'u250', '-c', '20000', '-p', '++20300', HOST.attacked]
  await send(...scan)
  await poll('a notice', async () => told('hold').length > 0)
  assert.deepEqual(await field.members('held4'), [SOURCE.attacker])
  assert.deepEqual(told('openings'), [])
})

test('many clients at once are no flood', async () => {
  await begin()
  assert.equal(
    Number((await field.client.run(askTimes(HOST.client, [PORTS.web.http], 2_000, 200))).stdout),
    2_000,
  )
  assert.deepEqual(told('openings'), [])
  assert.deepEqual(following.all, [])
})

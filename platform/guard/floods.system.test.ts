import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { crowds } from '#runtime/drivers/crowds.ts'
import { askTimes } from '#runtime/drivers/test-networks.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { KERNEL_LIMITS } from './limits.ts'
import type { PacketNotice } from './notice.ts'
import { type Field, HOST, learned, makeField, PORTS, SOURCE } from './test-attack.ts'
import { followNotices, type Notices, poll } from './test-notices.ts'

let field: Field
let following: Notices
const [other = 0] = PORTS.others
const UDP_PORT = 20_400

before(async () => {
  await installPrograms({ hping3: 'hping3', nmap: 'nmap', ...PACKET_LOG, ping: 'iputils-ping' })
  field = await makeField()
  following = await followNotices(field.host)
})
after(async () => {
  await following?.end()
  await field?.remove()
})

/** The guard anew, and behind it a counter of what gets past. */
async function begin(open: readonly string[] = []): Promise<void> {
  await field.fresh()
  for (const one of open) await field.load(`add element inet ${field.table} open { ${one} }\n`)
  await field.load(`table inet past
delete table inet past
table inet past {
  chain i { type filter hook input priority 0; policy accept; ip saddr != ${SOURCE.client} meta l4proto { udp, icmp } counter; }
}
`)
  following.all.length = 0
}
async function past(): Promise<number> {
  const { stdout } = await field.host.run(['nft', 'list', 'table', 'inet', 'past'])
  return Number(/packets (\d+)/.exec(stdout)?.[1])
}
const ask = async (times: number, port: number = PORTS.web.http) =>
  Number((await field.client.run(askTimes(HOST.client, [port], times))).stdout)
const flood = async (...options: readonly string[]) => {
  const begun = performance.now()
  await field.attacker.run(['hping3', '-q', ...options, HOST.attacked], { timeoutMs: 4_000 })
  return (performance.now() - begun) / 1_000
}
const told = (what: PacketNotice['notice']) => async () => following.all.some(({ notice }) => notice === what)

const FLOODS = [
  ['UDP of one source', ['-2', '--flood', '-p', `${UDP_PORT}`], KERNEL_LIMITS.datagramsPerSecond, 'flood'],
  [
    'UDP with forged senders',
    ['-2', '--rand-source', '--flood', '-p', `${UDP_PORT}`],
    KERNEL_LIMITS.datagramsOfAll,
    'floods',
  ],
  ['pings of one source', ['-1', '--flood'], KERNEL_LIMITS.pingsPerSecond, 'flood'],
  ['timestamp questions of one source', ['-1', '-C', '13', '--flood'], KERNEL_LIMITS.pingsPerSecond, 'flood'],
  ['pings with forged senders', ['-1', '--rand-source', '--flood'], KERNEL_LIMITS.pingsOfAll, 'floods'],
] as const

for (const [what, options, perSecond, notice] of FLOODS)
  test(`a flood of ${what}: so much gets in and no more, it is told of, and clients are served`, async (t) => {
    await begin([`udp . ${UDP_PORT}`])
    const [seconds, served] = await Promise.all([flood(...options), ask(100)])
    const got = await past()
    t.diagnostic(`${got} got in within ${seconds.toFixed(1)} s; ${served} of 100 requests`)
    assert.ok(got <= perSecond * (2 + seconds) * 1.1, `${got} packets got in within ${seconds} s`)
    assert.ok(got >= perSecond / 2, `only ${got} packets got in: nothing was shown`)
    assert.equal(served, 100)
    await poll('a notice', told(notice))
  })

test('ordinary pings and UDP get in', async () => {
  await begin([`udp . ${UDP_PORT}`])
  await flood('-1', '-i', 'u100000', '-c', '15')
  await flood('-2', '-i', 'u1000', '-c', '300', '-p', `${UDP_PORT}`)
  assert.equal(await past(), 315)
})

test('who has too many connections open to a program gets no more there; others do, and the platform answers him', async () => {
  await begin()
  const holds = `const n=require('net');let ok=0;for(let i=0;i<30;i++)n.connect(${other},'${HOST.client}',()=>{if(++ok===30)console.log('all')});setTimeout(()=>process.exit(),8000)`
  field.client.start([process.execPath, '-e', holds])
  await poll('the crowd', async () => (await crowds(29, Object.values(PORTS.web), field.folder)).length > 0)
  const found = await crowds(29, Object.values(PORTS.web), field.folder)
  assert.deepEqual(found, [SOURCE.client])
  assert.deepEqual(await crowds(30, Object.values(PORTS.web), field.folder), [])
  await field.load(`add element inet ${field.table} crowd4 { ${found.join(', ')} }\n`)
  assert.equal(await ask(1, other), 0)
  assert.equal(await ask(5), 5)
  await poll('a notice', told('exhaust'))
  const fromAttacker = await field.attacker.run(askTimes(HOST.attacked, [other], 2))
  assert.equal(Number(fromAttacker.stdout), 2)
})

test('after a flood of forged senders at a closed port the memory has room: who searches is held as ever', async () => {
  await begin()
  const { closedPorts, questionsAtOnce, questionsPerSecond } = KERNEL_LIMITS
  const seconds = await flood('-S', '--rand-source', '--flood', '-p', '20009')
  const { stdout } = await field.host.run(['nft', 'list', 'set', 'inet', field.table, 'probed4'])
  const kept = stdout.match(/expires/g)?.length ?? 0
  assert.ok(kept >= questionsAtOnce, `only ${kept} are remembered: that was no flood`)
  assert.ok(kept <= questionsAtOnce + questionsPerSecond * (seconds + 1), `${kept} are remembered`)
  // So few in a minute that he is held only where ports are counted, and not packets.
  const patiently = ['-T3', '--max-retries', '0', '--scan-delay', '700ms', '--max-scan-delay', '700ms']
  const { closed } = learned((await field.scan('20010-20021', ...patiently, '-oX', '-')).stdout)
  assert.ok(closed <= closedPorts + 1, `${closed} closed ports were learned`)
  assert.ok((await field.members('held4')).includes(SOURCE.attacker))
})

test('a full memory: closed ports stay silent, open ones answer, and people hear of it', async () => {
  await begin()
  const fill = (set: string, rest: string) => {
    const members = Array.from(
      { length: 65_536 },
      (_, at) => `100.${64 + (at >> 16)}.${(at >> 8) % 256}.${at % 256} . ${rest}`,
    )
    return field.load(`add element inet ${field.table} ${set} { ${members.join(', ')} }\n`)
  }
  await fill('probed4', 'tcp . 9')
  await fill('visited4', '9')
  await field.scan('20001-20009', '--host-timeout', '10s')
  const { stdout } = await field.scan('20002', '--host-timeout', '10s')
  assert.match(stdout, /20002\/tcp filtered/)
  assert.equal(await ask(3, other), 3)
  await poll('the alarm', told('full'))
})

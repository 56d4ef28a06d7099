import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { logGroupOf } from '#platform/guard/host.ts'
import { HOST, PORTS, place } from '#platform/guard/test-attack.ts'
import { run } from '#runtime/drivers/process.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { type GuardedField, makeGuardedField } from './test-guard.ts'
import { until } from './test-host.ts'

let host: GuardedField
before(async () => {
  await installPrograms({ nmap: 'nmap', hping3: 'hping3', ...PACKET_LOG })
  host = await makeGuardedField()
})
after(async () => await host?.remove())

const problem = async () => (await host.report()).problem
const says = (what: RegExp) => until(`${what}`, async () => what.test(await problem()))

/** The process that reads the packet log of the host under test, and no other's. */
async function reader(): Promise<number | undefined> {
  const { stdout } = await run(['ip', 'netns', 'pids', host.field.host.name])
  for (const pid of stdout.split('\n').filter(Boolean).map(Number))
    if ((await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim() === 'ulogd') return pid
  return undefined
}
const theReader = async () => (await reader()) ?? assert.fail('no reader')

let scanners = 0
/** Somebody whom the host has not seen yet scans it. */
async function scansAreTold(): Promise<void> {
  const address = `198.18.${++scanners}.7`
  await host.field.attacker.ip('address', 'add', `${address}/32`, 'dev', 'eth0')
  await host.field.scan(PORTS.range, '--min-rate', '500', '-e', 'eth0', '-S', address)
  await until('it is told of', async () =>
    (await host.report()).events.some(({ src_endpoint }) => src_endpoint.ip === address),
  )
}

test('a reader that is killed is told of at once and for a while, and the next one reads', async () => {
  const before = await theReader()
  process.kill(before, 'SIGKILL')
  await says(/^The reader of the packet log ended \(killed\) and is started again\.$/)
  await says(/^The reader of the packet log had ended at \d{4}.* and was started again: who searched/)
  assert.notEqual(await theReader(), before)
  await scansAreTold()
})

test('packets that find no room are counted and told of', async (t) => {
  const pid = await theReader()
  await host.field.load(`table inet noise {
  chain noise {
    type filter hook prerouting priority -400; policy accept;
    udp dport 9 log prefix "probe" group ${logGroupOf(place)}
  }
}
`)
  process.kill(pid, 'SIGSTOP')
  try {
    const flood = ['hping3', '-q', '--udp', '-p', '9', '-c', '8000', '-i', 'u50', HOST.attacked]
    await host.field.attacker.run(flood, { timeoutMs: 20_000 })
    await says(/^The reader of the packet log was too slow and lost \d+ packets since \d{4}/)
  } finally {
    process.kill(pid, 'SIGCONT')
    await host.field.load('delete table inet noise\n')
  }
  t.diagnostic(await problem())
  await scansAreTold()
  assert.match(await problem(), /lost \d+ packets/)
})

test('a reader that hangs is replaced, and that is told of', async () => {
  const hung = await theReader()
  process.kill(hung, 'SIGSTOP')
  await host.field.scan('20001-20003')
  await until('another reads', async () => ![hung, undefined].includes(await reader()), 30_000)
  await says(/had ended at .* and was started again/)
  await scansAreTold()
})

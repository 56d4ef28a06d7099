import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HOST } from '#platform/guard/test-attack.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { type GuardedField, makeGuardedField } from './test-guard.ts'
import { until } from './test-host.ts'

/** Whoever asks once in 15 s is caught within two minutes. */
const LIMIT_MS = 120_000
/** One that repeats no question, and one as nmap is by itself. */
const SCANNERS = [
  { address: '198.18.1.7', more: ['--max-retries', '0'] },
  { address: '198.18.2.7', more: [] },
] as const

let host: GuardedField
before(async () => {
  await installPrograms({ nmap: 'nmap', ...PACKET_LOG })
  host = await makeGuardedField()
  for (const { address } of SCANNERS)
    await host.field.attacker.ip('address', 'add', `${address}/32`, 'dev', 'eth0')
})
after(async () => await host?.remove())

const isTold = async (address: string) =>
  (await host.report()).events.some(
    ({ kind, src_endpoint }) => kind === 'scan' && src_endpoint.ip === address,
  )

test('one question every 15 s: held and told of within 120 s', async (t) => {
  const began = performance.now()
  const slow = ['nmap', '-sS', '-n', '-Pn', '-e', 'eth0', '--scan-delay', '15s', '-p', '21001-21200']
  for (const { address, more } of SCANNERS)
    host.field.attacker.start([...slow, ...more, '-S', address, HOST.attacked])
  await Promise.all(
    SCANNERS.map(async ({ address, more }) => {
      await until(`${address} is told of`, () => isTold(address), LIMIT_MS + 60_000)
      const tookMs = Math.round(performance.now() - began)
      t.diagnostic(`nmap --scan-delay 15s ${more.join(' ')}: told of after ${tookMs} ms`)
      assert.ok(tookMs <= LIMIT_MS, `${address}: ${tookMs} ms`)
      assert.ok((await host.field.members('held4')).includes(address))
    }),
  )
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HOST } from '#platform/guard/test-attack.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { type GuardedField, makeGuardedField } from './test-guard.ts'
import { until } from './test-host.ts'

/**
 * Whoever asks something once in 15 s is caught within two minutes. nmap by itself asks questions again, which tells it nothing new and
 * does not count: it takes twice as long.
 */
const SCANNERS = [
  { address: '198.18.1.7', more: ['--max-retries', '0'], limitMs: 120_000 },
  { address: '198.18.2.7', more: [], limitMs: 240_000 },
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

test('one question every 15 s: held and told of within 120 s, and one that repeats them within 240 s', async (t) => {
  const began = performance.now()
  const slow = ['nmap', '-sS', '-n', '-Pn', '-e', 'eth0', '--scan-delay', '15s', '-p', '21001-21200']
  for (const { address, more } of SCANNERS)
    host.field.attacker.start([...slow, ...more, '-S', address, HOST.attacked])
  await Promise.all(
    SCANNERS.map(async ({ address, more, limitMs }) => {
      await until(`${address} is told of`, () => isTold(address), limitMs + 60_000)
      const tookMs = Math.round(performance.now() - began)
      t.diagnostic(`nmap --scan-delay 15s ${more.join(' ')}: told of after ${tookMs} ms`)
      assert.ok(tookMs <= limitMs, `${address}: ${tookMs} ms`)
      assert.ok((await host.field.members('held4')).includes(address))
    }),
  )
})

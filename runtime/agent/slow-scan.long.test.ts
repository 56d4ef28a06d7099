import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { type GuardedField, makeGuardedField } from './test-guard.ts'
import { SLOW_SCANNERS, scanSlowly } from './test-slow-scan.ts'

let host: GuardedField
before(async () => {
  await installPrograms({ nmap: 'nmap', ...PACKET_LOG })
  host = await makeGuardedField()
})
after(async () => await host?.remove())

test('one question every 15 s: held and told of within 120 s, and one that repeats them within 240 s', async (t) => {
  await Promise.all(
    SLOW_SCANNERS.map(async (scanner) => {
      const tookMs = await scanSlowly(host, scanner)
      t.diagnostic(`${scanner.does}: held and told of after ${tookMs} ms`)
      assert.ok(tookMs !== undefined && tookMs <= scanner.limitMs, `${scanner.does}: ${tookMs} ms`)
    }),
  )
})

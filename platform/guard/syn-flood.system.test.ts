import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { installPrograms } from '#tools/install-programs.ts'
import { type Field, makeField, PORTS } from './test-attack.ts'
import { makeSynFlood, type SynFlood } from './test-syn-flood.ts'

const MS = 1500
const LEAST_PER_SECOND = 5000
/** Of what is answered in calm, at least this part of it under the flood. */
const SERVED_PART = 50
let field: Field
let flood: SynFlood
before(async () => {
  await installPrograms({ hping3: 'hping3' })
  field = await makeField()
  flood = await makeSynFlood(field)
})
after(async () => await field?.remove())

const SETTINGS = `
const { setSysctls } = await import('#runtime/drivers/sysctl.ts')
const { FLOOD_SETTINGS } = await import('#platform/guard/host.ts')
console.log((await setSysctls(FLOOD_SETTINGS)).join(' '))`

test('a flood of opening packets shuts new clients out; with the guard and its settings they are served', async (t) => {
  const { http, https } = PORTS.web
  await field.host.run(['tee', '/proc/sys/net/ipv4/tcp_syncookies'], { input: '0' })
  const calm = await flood.goodput(http, MS)
  const without = await flood.flooded(http, MS)
  const set = await field.host.run([process.execPath, '-e', SETTINGS])
  assert.match(set.stdout, /tcp_syncookies=1/, set.stderr)
  await field.fresh()
  const before = await flood.cookies()
  const defended = await flood.flooded(https, MS)
  const cookies = (await flood.cookies()) - before
  const say = ({ perSecond, packets }: typeof without) => `${perSecond} at ${packets} packets a second`
  t.diagnostic(`answers a second: ${calm}; flooded ${say(without)}; with the guard ${say(defended)}`)
  assert.ok(Math.min(without.packets, defended.packets) > LEAST_PER_SECOND, 'no flood')
  assert.ok(cookies > LEAST_PER_SECOND, `${cookies} cookies`)
  assert.ok(without.perSecond < calm / 5, 'the flood has shut nobody out: nothing was shown')
  // Served at all, beside tests that want the same processors: how many is what `maru bench attacks` measures.
  assert.ok(defended.perSecond > 5 * without.perSecond && defended.perSecond > calm / SERVED_PART)
  assert.equal((await field.members('held4')).length, 0)
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { HostReport } from '#contract/agent.ts'
import type { HostName } from '#contract/ids.ts'
import type { ResponseOf } from '#contract/route.ts'
import { upstreamRoutes } from '#contract/upstream-api.ts'
import { listActs } from '#platform/audit/store.ts'
import { detectionHandlers } from '#platform/detection/index.ts'
import { loadPolicy } from '#platform/network/index.ts'
import { saveReport } from '#platform/workload/store.ts'
import { until } from '#runtime/agent/test-host.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { startHub } from '#runtime/server/notify.ts'
import { makeSecretBox } from '#runtime/server/secret-box.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import { upstreamHandlers, upstreamLoop, upstreamProblems } from './index.ts'
import { makePartner, type Partner, SECRET } from './test-partner.ts'
import {
  isReady,
  makeProviderField,
  OWN,
  OWN6,
  PASSWORD,
  type ProviderField,
  ROUTER,
} from './test-provider.ts'

/** A provider and a partner that are real, the agent's keeper, a database, and the control plane between them. */
let field: ProviderField
let partner: Partner
let database: TestDatabase
let deps: ServerDeps
let loop: ReturnType<typeof upstreamLoop>

before(async () => {
  ;[field, partner, database] = await Promise.all([makeProviderField(), makePartner(), makeTestDatabase()])
  for (const [name, centre, address] of [
    ['one', 'dc1', OWN],
    ['two', 'dc2', '198.51.100.9'],
  ])
    await sql`insert into fleet_host (name, data_centre, address, role, is_first, joined_at)
      values (${name}, ${centre}, ${address}, 'full', ${name === 'one'}, now())`.execute(database.db)
  const { db } = database
  const hub = startHub(database.connection, silent)
  const here = { putUpstreamOrders: field.keeper.putOrders }
  const base = { db, hub, log: silent, now: () => new Date(), secrets: makeSecretBox(db, randomBytes(32)) }
  const config = { installation: { name: 'test', ports: { http: 80, https: 443 } } }
  const other = { putUpstreamOrders: async () => undefined }
  const agents = { first: here, of: (name: string) => (name === 'one' ? here : other) }
  deps = { ...base, config, agents } as unknown as ServerDeps
  loop = upstreamLoop(deps)
})
after(async () => {
  await loop?.stop()
  await deps?.hub.close()
  await Promise.all([field?.remove(), partner?.close(), database?.close()])
})

const principal = { kind: 'user', id: 'ada', name: 'Ada', operator: true, teams: [] }
/** Calls a handler as an operator, with what a request would have. */
const call = async <K extends keyof typeof upstreamHandlers>(name: K, more: object = {}) =>
  (await upstreamHandlers[name]({ principal, source: 'local', ...more } as never, deps)) as ResponseOf<
    (typeof upstreamRoutes)[K]
  >
const bgp = {
  ...{ kind: 'bgp', ownAs: 64500, neighbour: ROUTER, neighbourAs: 64496 },
  ...{ community: '65535:666', nextHop: null, flowRules: true },
}
const isp = { name: 'isp', settings: bgp, hosts: ['one'], automatic: null, secret: PASSWORD }
const announce = (more: object = {}) =>
  call('announce', { body: { address: OWN, minutes: 10, reason: 'a flood', evenLast: false, ...more } })
const withdraw = () => call('withdraw', { params: { address: OWN } })
const refusal = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof Error && 'code' in error ? error.code : 'nothing was refused'
}
const heard = (what: string, expected: string) =>
  until(what, async () => (await field.heard()).join() === expected)
const BLACKHOLE = `${OWN}/32 (65535,666)`
const problems = async () =>
  (await upstreamProblems(deps, new Date())).map(({ problem }) => problem).join('\n')
const incident = async () => {
  const list = await detectionHandlers.incidents({ query: { state: 'open', limit: 10 } } as never, deps)
  return (list as { incidents: Array<{ title: string }> }).incidents.map(({ title }) => title)
}
const above = { address: OWN, limit: 10_000, perSecond: 90_000, forS: 31 }
/** What a host says, as its agent would. */
const report = (all: object[]) =>
  saveReport(
    deps.db,
    'one' as HostName,
    HostReport.parse({
      ...{ sequence: Date.now(), at: new Date().toISOString(), host: 'one', generation: 1, problem: '' },
      ...{ components: [], instances: [], disk: null, figures: null },
      upstream: {
        sessions: [{ name: 'isp', up: true, detail: 'Established', announced: [] }],
        above: all,
        measured: [{ address: OWN, perSecond: 70, highest: 300 }],
        problem: '',
      },
      addresses6: [OWN6],
    }),
  )

test('without a provider there is nobody to ask', async () => {
  assert.equal(await refusal(announce()), 'upstream.nobody_brings')
  assert.equal(await refusal(withdraw()), 'upstream.not_announced')
})

test('a provider is set up once, its password is sealed, and a rule lets hosts speak to its router', async () => {
  await call('add', { body: isp })
  assert.equal(await refusal(call('add', { body: isp })), 'upstream.exists')
  const elsewhere = { ...isp, name: 'other', hosts: ['nowhere'] }
  assert.equal(await refusal(call('add', { body: elsewhere })), 'hosts.not_found')
  const rows = await sql`select * from upstream_provider`.execute(deps.db)
  assert.ok(!JSON.stringify(rows.rows).includes(PASSWORD))
  assert.ok(!JSON.stringify(await call('list')).includes(PASSWORD))
  const { rules } = await loadPolicy(deps.db)
  assert.deepEqual(
    rules.map(({ id, from, to, ports, builtIn }) => [id, from, to, ...ports, builtIn]),
    [['upstream-bgp-isp', 'host', ROUTER, '179', true]],
  )
  await until('the host is told', () => isReady(field.home))
  field.startSpeaker()
  await until('the session stands', async () => field.keeper.report()?.sessions[0]?.up === true)
})

test('what is asked for is heard by the provider, told as an incident and a problem, and ends when it is taken back', async () => {
  const { warning } = await announce()
  assert.match(warning, /attackers and visitors alike/)
  assert.match(warning, /from the very address that is dropped/, 'this provider has one host')
  await heard('the provider hears it', BLACKHOLE)
  assert.deepEqual(await incident(), [`${OWN} was taken off the net at its provider`])
  assert.match(await problems(), new RegExp(`${OWN} is off the net until .*withdraw ${OWN}`))
  assert.equal(await refusal(announce({ address: '192.0.2.1' })), 'upstream.not_own')
  await withdraw()
  await heard('it is let through', '')
  assert.equal(await problems(), '')
})

test('an address of IPv6 that a host says it has is its own, however it is written', async () => {
  assert.equal(await refusal(announce({ address: OWN6 })), 'upstream.not_own')
  await report([])
  assert.deepEqual((await call('list')).own, [OWN, '198.51.100.9', OWN6])
  const { address } = upstreamRoutes.withdraw.params.parse({ address: '2001:DB8:1:0::0001' })
  await announce({ address })
  await heard('the provider hears it', `${OWN6}/128 (65535,666)`)
  assert.ok((await incident()).includes(`${OWN6} was taken off the net at its provider`))
  await call('withdraw', { params: { address } })
  await heard('it is let through', '')
})

test('a part of the traffic is dropped where flow rules are taken, and takes nothing off the net', async () => {
  const { warning } = await announce({ only: 'udp:53' })
  assert.match(warning, /by UDP at port 53 is dropped, whoever sends it; all else arrives/)
  await heard(
    'the provider hears it',
    `flow4 { dst ${OWN}/32; proto 17; dport 53; } (generic, 0x80060000, 0x0)`,
  )
  assert.match(await problems(), /^What goes to 203\.0\.113\.1 by UDP at port 53 is dropped until /)
  await announce()
  assert.equal((await call('list')).dropped.length, 2, 'beside everything')
  await withdraw()
  await heard('all is let through', '')
})

test('the last address that serves the apps is dropped only when that is asked for', async () => {
  await sql`update fleet_host set draining = true where name = 'two'`.execute(deps.db)
  assert.equal(await refusal(announce()), 'upstream.last')
  await announce({ evenLast: true })
  await heard('the provider hears it', BLACKHOLE)
  await withdraw()
  await sql`update fleet_host set draining = false`.execute(deps.db)
})

test('a partner is told the whole wish with a signature, again until it acknowledges, and when it ends', async () => {
  const settings = { kind: 'webhook', url: partner.url, ca: partner.rootPem }
  const hook = { name: 'scrubber', settings, hosts: [], automatic: null }
  assert.equal(await refusal(call('add', { body: hook })), 'invalid', 'nothing is sent unsigned')
  await call('add', { body: { ...hook, secret: SECRET } })
  const tried = await call('test', { params: { upstream: 'scrubber' } })
  assert.deepEqual([tried.ok, partner.told[0]?.kind], [true, 'test'])
  partner.answer(503)
  await announce({ upstream: 'scrubber' })
  await until('it does not acknowledge', async () => (await problems()).includes('it answered with 503'))
  assert.match(await problems(), /maru network upstream test scrubber/)
  partner.answer(200)
  await until('it is told again', async () => !(await problems()).includes('503'))
  const wishes = () => partner.told.filter(({ kind }) => kind === 'wish')
  assert.ok(wishes().length >= 2)
  assert.deepEqual(
    wishes().map(({ dropped }) => dropped.map(({ prefix }) => prefix).join()),
    wishes().map(() => `${OWN}/32`),
  )
  await withdraw()
  await until('it is told that nothing is left', async () => wishes().at(-1)?.dropped.length === 0)
  assert.equal(partner.forged(), 0)
  assert.deepEqual(await field.heard(), [], 'the other provider was not meant')
  await call('remove', { params: { upstream: 'scrubber' } })
})

test('a limit acts by itself, ends by itself, is in the audit log, and looks again', async () => {
  await call('remove', { params: { upstream: 'isp' } })
  // What people let through just now would be left alone.
  await sql`delete from upstream_black_hole`.execute(deps.db)
  const automatic = { perSecond: 10_000, forS: 30, minutes: 10, evenLast: false }
  await call('add', { body: { ...isp, automatic } })
  await report([{ ...above, forS: 29 }])
  await until('the provider is spoken to', async () => field.keeper.report()?.sessions[0]?.up === true)
  assert.deepEqual(await field.heard(), [])
  await report([above])
  await heard('the provider hears it', BLACKHOLE)
  await report([])
  const { dropped: all, measured } = await call('list')
  assert.deepEqual(measured, [
    { address: OWN, perSecond: 70, highest: 300, host: 'one', upstream: 'isp', limit: 10_000 },
  ])
  const [dropped] = all
  assert.deepEqual([dropped?.automatic, dropped?.by, dropped?.upstream], [true, 'maru', 'isp'])
  assert.match(dropped?.reason ?? '', /^90000 packets a second for 31 seconds/)
  await sql`update upstream_black_hole set until = now() where ended_at is null`.execute(deps.db)
  await until('it is over', async () => (await call('list')).dropped.length === 0)
  await heard('the provider lets it through', '')
  const acts = await listActs(deps.db, { limit: 100 } as never)
  const own = acts.map(({ action }) => action).filter((action) => action.startsWith('upstream.'))
  assert.deepEqual(own.sort(), ['upstream.announced', 'upstream.ended'])
  await report([above])
  await heard('it goes on, so it is asked for again', BLACKHOLE)
  await withdraw()
  await heard('a person lets it through', '')
  await report([above])
  assert.deepEqual((await call('list')).dropped, [], 'for a while that stands')
})

test('a limit does not take the last address off the net, and says so', async () => {
  await sql`delete from upstream_black_hole`.execute(deps.db)
  await sql`update fleet_host set draining = true where name = 'two'`.execute(deps.db)
  await report([above])
  await until('it is told of', async () =>
    (await problems()).includes('is the last address that serves the apps'),
  )
  assert.deepEqual((await call('list')).dropped, [])
})

test('a provider that is removed hears nothing more, and no rule is left of it', async () => {
  await call('remove', { params: { upstream: 'isp' } })
  await until('the host has no part in it', async () => field.keeper.report() === undefined)
  assert.deepEqual((await loadPolicy(deps.db)).rules, [])
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Principal } from '#contract/access.ts'
import { AppName } from '#contract/ids.ts'
import { activePolicy, isActive, tellTrials } from '#contract/network.ts'
import { AppRuleRequest, type networkRoutes, RuleRequest } from '#contract/network-api.ts'
import type { ResponseOf } from '#contract/route.ts'
import { wantedGeneration } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import { type Apps, makeNetworkHandlers } from './routes.ts'
import { loadPolicy } from './store.ts'

const APP = { id: 'app_shop2222', name: AppName.parse('shop') }
const apps: Apps = { findApp: async () => APP, listNames: async () => [APP.name] }
const handlers = makeNetworkHandlers(apps)
const person = (operator: boolean): Principal => ({
  kind: 'user',
  id: operator ? 'ada' : 'ben',
  name: operator ? 'ada' : 'ben',
  operator,
  teams: [],
})

let database: TestDatabase
let deps: ServerDeps
let now = new Date('2026-06-01T12:00:00Z')

before(async () => {
  database = await makeTestDatabase()
  const installation = {
    id: 'i',
    name: 'maru',
    domain: 'd',
    subnet: '10.89',
    ports: { http: 80, https: 443 },
  }
  // Only what the network reads: a server has more.
  deps = {
    db: database.db,
    log: silent,
    config: { installation, version: '2.0.0' },
    now: () => now,
  } as unknown as ServerDeps
  await database.pool.query(
    `insert into apps_app (id, name, team_id) values ('${APP.id}', 'shop', 'team_own')`,
  )
})
after(() => database.close())

/** What the handler answers, given what it looks at of a call. */
async function call<T extends keyof typeof networkRoutes>(
  name: T,
  parts: object,
  operator = true,
  among = handlers,
): Promise<ResponseOf<(typeof networkRoutes)[T]>> {
  const whole = { principal: person(operator), params: {}, query: {}, source: 'local', ...parts }
  const handler = among[name] as unknown as (
    call: object,
    deps: ServerDeps,
  ) => Promise<ResponseOf<(typeof networkRoutes)[T]>>
  return await handler(whole, deps)
}
const askApp = (to: string, more: object = {}) => ({
  params: { app: APP.name },
  body: AppRuleRequest.parse({ to, ports: ['443'], reason: 'payments', ...more }),
})

test('an app’s people make a rule and take it back; every host is told each time', async () => {
  const before = await wantedGeneration(database.db)
  const rule = await call('appAllow', askApp('api.example.org', { process: 'web' }), false)
  assert.deepEqual([rule.from, rule.approvedBy], ['app:shop/web', 'ben'])
  assert.equal(await wantedGeneration(database.db), before + 1)
  const { rules } = await call('appRules', { params: { app: APP.name } }, false)
  assert.deepEqual(
    rules.filter(({ builtIn }) => !builtIn),
    [rule],
  )
  await call('appDeny', { params: { app: APP.name, rule: rule.id } }, false)
  assert.equal(await wantedGeneration(database.db), before + 2)
  assert.deepEqual((await loadPolicy(database.db)).rules, [])
})

test('an app’s people see the rules of their own app, with those of every app, and nobody else’s; an operator sees all', async () => {
  const another = { id: 'app_blog2222', name: AppName.parse('blog') }
  const ofAnother = makeNetworkHandlers({ ...apps, findApp: async () => another })
  await database.pool.query(
    `insert into apps_app (id, name, team_id) values ('${another.id}', 'blog', 'team_other')`,
  )
  const asked = { params: { app: another.name }, body: askApp('203.0.113.9', { ports: ['8443'] }).body }
  const made = await call('appAllow', asked, false, ofAnother)
  const own = await call('appAllow', askApp('api.example.org'), false)
  const allow = (from: string, to: string, ports = ['22']) =>
    call('allow', { body: RuleRequest.parse({ from, to, ports, reason: 'by an operator' }) })
  const [office, ofAll] = [await allow('203.0.113.0/24', 'host'), await allow('apps', '10.1.2.3', ['5433'])]
  const { rules } = await call('appRules', { params: { app: APP.name } }, false)
  assert.deepEqual(
    rules.filter(({ builtIn }) => !builtIn),
    [ofAll, own],
  )
  assert.ok(rules.filter(({ builtIn }) => builtIn).every(({ from, to }) => from === 'apps' || to === 'apps'))
  const explained = async (operator: boolean, to: string, port = 22) => {
    const parts = { params: { app: APP.name }, query: { to, port, protocol: 'tcp' } }
    return (await call('appExplain', parts, operator)).rule?.id
  }
  // Nobody learns of others by asking what comes nearest.
  assert.equal(await explained(false, 'host'), undefined)
  assert.equal(await explained(true, 'host'), office.id)
  assert.equal(await explained(false, '203.0.113.9', 8443), undefined)
  assert.equal(await explained(false, '10.1.2.3', 5433), ofAll.id)
  const all = (await call('rules', {})).rules.map(({ id }) => id)
  assert.ok([own, made, office, ofAll].every(({ id }) => all.includes(id)))
  for (const { id } of [own, made, office, ofAll]) await call('deny', { params: { rule: id } })
})

test('where an operator has to approve, what an app’s people ask for is in force only after that', async () => {
  await call('approval', { body: { needed: true } })
  const before = await wantedGeneration(database.db)
  const wish = await call('appAllow', askApp('10.1.2.3', { reason: 'the old ledger' }), false)
  assert.deepEqual([wish.approvedBy, wish.askedBy], [null, 'ben'])
  await assert.rejects(call('appAllow', askApp('10.1.2.3'), false), { code: 'network.exists' })
  await assert.rejects(call('appAllow', askApp('169.254.169.254'), false), { code: 'network.never' })
  assert.deepEqual((await loadPolicy(database.db)).rules, [], 'no host hears of it')
  assert.equal(await wantedGeneration(database.db), before)
  const question = { from: 'app:shop', to: '10.1.2.3', port: 443, protocol: 'tcp' }
  const told = await call('explain', { query: question })
  assert.equal(told.allowed, false)
  assert.match(
    told.sentence,
    new RegExp(`one waits for the approval of an operator: ${wish.id}, asked by ben`),
  )
  const shown = await call('appRules', { params: { app: APP.name } }, false)
  assert.equal(shown.approvalNeeded, true)
  assert.deepEqual(shown.rules.at(-1), wish)

  const rule = await call('approve', { params: { rule: wish.id } })
  assert.deepEqual(rule, { ...wish, approvedBy: 'ada' })
  assert.equal(await wantedGeneration(database.db), before + 1)
  assert.equal((await call('explain', { query: question })).allowed, true)
  assert.deepEqual((await call('rules', {})).rules.at(-1), rule)
  await assert.rejects(call('approve', { params: { rule: wish.id } }), { code: 'network.not_waiting' })
  await call('appDeny', { params: { app: APP.name, rule: rule.id } }, false)
})

test('what waits can be taken back or refused, ends by itself, and is no use beside the same rule', async () => {
  const ask = (to: string, more: object = {}) => call('appAllow', askApp(to, more), false)
  const mine = await ask('198.51.100.1')
  assert.deepEqual(await call('appDeny', { params: { app: APP.name, rule: mine.id } }, false), mine)
  const refused = await ask('198.51.100.1')
  await call('deny', { params: { rule: refused.id } })
  const late = await ask('198.51.100.2', { until: new Date(now.getTime() + 1000).toISOString() })
  now = new Date(now.getTime() + 2000)
  await assert.rejects(call('approve', { params: { rule: late.id } }), { code: 'invalid' })
  await call('deny', { params: { rule: late.id } })
  await ask('198.51.100.3')
  const body = RuleRequest.parse({
    from: 'app:shop',
    to: '198.51.100.3',
    ports: ['443'],
    reason: 'known already',
  })
  const rule = await call('allow', { body })
  const { rules } = await call('rules', {})
  assert.deepEqual(
    rules.filter(({ builtIn }) => !builtIn),
    [rule],
  )
  await call('deny', { params: { rule: rule.id } })
  await call('approval', { body: { needed: false } })
  assert.equal((await call('appAllow', askApp('198.51.100.4'), false)).approvedBy, 'ben')
  await call('deny', { params: { rule: (await loadPolicy(database.db)).rules[0]?.id ?? '' } })
})

test('what is refused changes nothing', async () => {
  const before = await wantedGeneration(database.db)
  await assert.rejects(call('appAllow', askApp('10.1.2.3'), false), { code: 'network.needs_operator' })
  await assert.rejects(call('appAllow', askApp('169.254.169.254')), { code: 'network.never' })
  await assert.rejects(call('deny', { params: { rule: 'apps-to-proxy' } }), { code: 'network.built_in' })
  await assert.rejects(call('deny', { params: { rule: 'shop-nothing' } }), { code: 'network.no_rule' })
  assert.equal(await wantedGeneration(database.db), before)
})

test('over IPv6 the same rule is one, however its address is written; to an address of it there is none', async () => {
  const ask = (from: string, to = 'host') =>
    call('allow', { body: RuleRequest.parse({ from, to, ports: ['22'], reason: 'office' }) })
  const rule = await ask('2001:DB8:1:0:0::/48')
  assert.equal(rule.from, '2001:db8:1::/48')
  await assert.rejects(ask('2001:db8:1::/48'), { code: 'network.exists' })
  assert.deepEqual((await loadPolicy(database.db)).rules.at(-1)?.from, '2001:db8:1::/48')
  for (const [from, to] of [
    ['app:shop', '2001:db8::7'],
    ['2001:db8::7', 'agent'],
  ] as const)
    await assert.rejects(ask(from, to), { code: 'invalid' })
  const query = { from: '2001:db8:1::9', to: 'host', port: 22, protocol: 'tcp' } as const
  assert.equal((await call('explain', { query })).rule?.id, rule.id)
  await call('deny', { params: { rule: rule.id } })
})

test('the same rule twice is one, and nobody takes back another app’s', async () => {
  const rule = await call('appAllow', askApp('198.51.100.7'))
  await assert.rejects(call('appAllow', askApp('198.51.100.7')), { code: 'network.exists' })
  const body = RuleRequest.parse({ from: 'builder', to: '10.4.0.7', ports: ['4873'], reason: 'own registry' })
  const other = await call('allow', { body })
  await assert.rejects(call('appDeny', { params: { app: APP.name, rule: other.id } }), {
    code: 'network.no_rule',
  })
  const explained = await call('explain', {
    query: { from: 'app:shop', to: '198.51.100.7', port: 443, protocol: 'tcp' },
  })
  assert.equal(explained.rule?.id, rule.id)
  await database.pool.query(`delete from apps_app where id = '${APP.id}'`)
  assert.deepEqual(
    (await loadPolicy(database.db)).rules.map(({ id }) => id),
    [other.id],
  )
})

test('a lock-down is on trial first, is kept by a second word, and ends by itself without one', async () => {
  await assert.rejects(call('lockDown', { body: { state: 'keep' } }), { code: 'network.no_trial' })
  await call('lockDown', { body: { state: 'try' } })
  const told = async () => tellTrials(await loadPolicy(database.db), now)
  assert.deepEqual(Object.values((await told()).trials), [60_000])
  now = new Date(now.getTime() + 61_000)
  assert.equal((await call('rules', {})).lockDown, null)
  assert.equal(
    (await told()).network.lockDown,
    null,
    'hosts hear no more of it, whenever the control plane comes back',
  )
  await assert.rejects(call('lockDown', { body: { state: 'keep' } }), { code: 'network.no_trial' })
  await call('lockDown', { body: { state: 'try' } })
  const { lockDown } = await call('lockDown', { body: { state: 'keep' } })
  now = new Date(now.getTime() + 61_000)
  assert.ok(lockDown !== null && isActive(lockDown, now))
  await call('lockDown', { body: { state: 'off' } })
  assert.equal((await loadPolicy(database.db)).lockDown, null)
})

test('what may let the operator in while hosts are locked down is taken back on trial, and for good by a second word', async () => {
  const body = RuleRequest.parse({ from: '203.0.113.0/24', to: 'host', ports: ['22'], reason: 'office' })
  const standing = async () =>
    activePolicy(await loadPolicy(database.db), now).rules.some(({ to }) => to === 'host')
  const deny = async (rule: string, source: string, query = {}) =>
    (await call('deny', { params: { rule }, query: { keep: false, ...query }, source })).pausedUntil !==
    undefined
  const { id } = await call('allow', { body })
  assert.equal(await deny(id, '203.0.113.9'), false)
  await call('lockDown', { body: { state: 'try' } })
  await call('lockDown', { body: { state: 'keep' } })
  const again = await call('allow', { body })
  assert.equal(await deny(again.id, '203.0.113.9'), true)
  assert.equal(await standing(), false)
  now = new Date(now.getTime() + 61_000)
  assert.equal(await standing(), true)
  assert.equal(await deny(again.id, 'local', { keep: true }), true)
  assert.equal(await deny(again.id, 'local'), true)
  assert.equal(await deny(again.id, 'local', { keep: true }), false)
  assert.equal((await loadPolicy(database.db)).rules.length, 1)
  const six = await call('allow', { body: { ...body, from: '2001:db8:1::/48' } })
  assert.equal(await deny(six.id, '203.0.113.9'), false)
  const six2 = await call('allow', { body: { ...body, from: '2001:db8:1::/48' } })
  assert.equal(await deny(six2.id, '2001:db8:1::9'), true)
  assert.equal(await deny(six2.id, '2001:db8:1::9', { keep: true }), false)
  const third = await call('allow', { body })
  assert.equal(await deny(third.id, 'local', { self: '198.51.100.1' }), false)
  await call('lockDown', { body: { state: 'off' } })
})

test('while hosts differ in version nothing is tried nor kept, or one would be closed untried; off ends it all the same', async () => {
  const versionIs = (version: string) =>
    database.pool.query(
      `insert into fleet_host (name, data_centre, address, role, is_first, joined_at, version)
       values ('second', 'dc2', '192.0.2.2', 'full', false, now(), $1)
       on conflict (name) where removed_at is null do update set version = excluded.version`,
      [version],
    )
  const lockDown = (state: 'try' | 'keep' | 'off') => call('lockDown', { body: { state } })
  const mixed = {
    code: 'network.versions_differ',
    message:
      'Not every host runs version 2.0.0, so not every host would try it before it is kept: second (1.0.0).',
  }
  await versionIs('1.0.0')
  await assert.rejects(lockDown('try'), mixed)
  await versionIs('2.0.0')
  await lockDown('try')
  await versionIs('1.0.0')
  await assert.rejects(lockDown('keep'), mixed)
  const body = RuleRequest.parse({ from: '203.0.113.0/24', to: 'host', ports: ['2222'], reason: 'office' })
  const { id } = await call('allow', { body })
  const deny = (query: object) =>
    call('deny', { params: { rule: id }, query: { keep: false, ...query }, source: '203.0.113.9' })
  await assert.rejects(deny({}), mixed)
  assert.equal((await deny({ self: '198.51.100.1' })).pausedUntil, undefined)
  await lockDown('off')
  assert.equal((await loadPolicy(database.db)).lockDown, null)
  await database.pool.query(`delete from fleet_host where name = 'second'`)
})

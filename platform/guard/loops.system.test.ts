import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { MaruError } from '#contract/errors.ts'
import { BlockRequest, EngagementRequest } from '#contract/guard.ts'
import type { guardRoutes } from '#contract/guard-api.ts'
import { HOME } from '#contract/installation.ts'
import type { ResponseOf } from '#contract/route.ts'
import { type Guard, startGuard } from '#runtime/agent/guard.ts'
import { until } from '#runtime/agent/test-host.ts'
import type { AgentClient } from '#runtime/drivers/agent-client.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { askTimes } from '#runtime/drivers/test-networks.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { startHub } from '#runtime/server/notify.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { guardHandlers, guardLoop } from './index.ts'
import { type Field, HOST, makeField, PORTS, place, SOURCE } from './test-attack.ts'

/** The real guard of a host that is attacked, a real database, and the control plane's loop between them. */
let field: Field
let home: string
let guard: Guard
let database: TestDatabase
let deps: ServerDeps
let loop: ReturnType<ReturnType<typeof guardLoop>>

before(async () => {
  await installPrograms({ nmap: 'nmap', ...PACKET_LOG })
  ;[field, database] = await Promise.all([makeField(), makeTestDatabase()])
  home = await mkdtemp(join(tmpdir(), 'maru-test-guard-'))
  await mkdir(join(home, HOME.agent))
  const membership = { fleet: () => ({ hosts: [], services: {} }) }
  const network = { enter: field.host.enter, folder: field.folder }
  const installation = { ...place, domain: 'test.localhost', createdAt: '2030-01-01T00:00:00Z' }
  const nft = makeNft(field.host.enter)
  guard = await startGuard({ home, installation }, { nft, log: silent, membership, network })
  await sql`insert into fleet_host (name, data_centre, address, role, is_first, joined_at)
    values ('one', 'dc1', ${HOST.attacked}, 'full', true, now())`.execute(database.db)
  const client: Pick<AgentClient, 'guard' | 'putGuardOrders'> = {
    guard: (sequence, waitMs, signal) =>
      guard.report(sequence, waitMs, signal ?? new AbortController().signal),
    putGuardOrders: guard.putOrders,
  }
  const hub = startHub(database.connection, silent)
  const base = { db: database.db, log: silent, now: () => new Date(), hub }
  deps = { ...base, agents: { first: client, of: () => client } } as unknown as ServerDeps
  loop = guardLoop(async () => undefined)(deps)
})
after(async () => {
  await loop?.stop()
  await deps?.hub.close()
  await guard?.stop()
  await database?.close()
  await field?.remove()
  if (home !== undefined) await rm(home, { recursive: true })
})

const principal = { kind: 'root', id: 'root', name: 'root', operator: true, teams: [] }
/** Calls a handler as root, with what a request would have. */
const call = async <K extends keyof typeof guardHandlers>(name: K, more: object = {}) =>
  (await guardHandlers[name]({ principal, source: 'local', ...more } as never, deps)) as ResponseOf<
    (typeof guardRoutes)[K]
  >
const blockOf = async (source: string) =>
  (await call('blocks')).blocks.find((block) => block.source === source)
const events = async () => (await call('events', { query: { limit: 100 } })).events
const scan = () => field.scan('20000-20060')
const ask = async () => Number((await field.client.run(askTimes(HOST.client, [PORTS.web.http], 1))).stdout)

test('who scans a host is shown with the host and the reason, and let in again', async () => {
  await until('the guard works', async () => (await call('blocks')).problems.length === 0)
  await scan()
  await until('the hold is shown', async () => (await blockOf(SOURCE.attacker)) !== undefined)
  const block = await blockOf(SOURCE.attacker)
  assert.deepEqual([block?.host, block?.kind, block?.by, block?.times], ['one', 'held', null, 1])
  await until('the event is kept', async () =>
    (await events()).some(
      ({ kind, host, src_endpoint }) =>
        kind === 'scan' && host === 'one' && src_endpoint.ip === SOURCE.attacker,
    ),
  )
  await call('lift', { body: { source: SOURCE.attacker } })
  await until('he is let in', async () => !(await field.members('held4')).includes(SOURCE.attacker))
  await until('nobody is shown', async () => (await blockOf(SOURCE.attacker)) === undefined)
})

test('what people block is blocked at the host within seconds, and let in as fast', async () => {
  const body = BlockRequest.parse({ source: '10.231.2.0/24', minutes: 5, reason: 'a test' })
  const refused = call('block', { body: { ...body, source: '10.231.0.0/16' } })
  await assert.rejects(refused, (error) => error instanceof MaruError && error.code === 'guard.would_cut_off')
  assert.equal(await ask(), 1)
  await call('block', { body })
  await until('silence', async () => (await ask()) === 0)
  await call('lift', { body: { source: '10.231.2.0/24' } })
  await until('an answer', async () => (await ask()) === 1)
})

test('nobody is blocked who is a partner, and no partner is who is blocked', async (t) => {
  const of = (code: string) => (error: unknown) => error instanceof MaruError && error.code === code
  const block = (source: string) =>
    call('block', { body: BlockRequest.parse({ source, minutes: 5, reason: 'a test' }) })
  await call('addPartner', { body: { source: '192.0.2.0/28', reason: 'an office' } })
  t.after(() => call('removePartner', { body: { source: '192.0.2.0/28' } }))
  await assert.rejects(block('192.0.2.7'), of('guard.is_partner'))
  // What has others in it, too, is blocked; the partner is not.
  await block('192.0.2.0/24')
  await call('lift', { body: { source: '192.0.2.0/24' } })

  await block('198.51.100.7')
  const partner = { body: { source: '198.51.100.0/24', reason: 'an office' } }
  await assert.rejects(call('addPartner', partner), of('guard.is_blocked'))
  await call('lift', { body: { source: '198.51.100.7' } })
  await call('addPartner', partner)
  await call('removePartner', { body: { source: '198.51.100.0/24' } })
})

test('nobody is lifted who is not kept out, and no test ends that there is not', async () => {
  const of = (code: string) => (error: unknown) => error instanceof MaruError && error.code === code
  await assert.rejects(call('lift', { body: { source: '192.0.2.99' } }), of('guard.not_blocked'))
  await assert.rejects(call('removePartner', { body: { source: '192.0.2.99' } }), of('guard.not_partner'))
  const params = { engagement: 'eng_none' }
  await assert.rejects(call('endEngagement', { params }), of('guard.no_engagement'))
})

test('a test that was agreed on is recorded with its host, not held, and is over when it is ended', async () => {
  const now = Date.now()
  const at = (ms: number) => new Date(now + ms).toISOString()
  const wanted = { source: SOURCE.attacker, reference: 'PT-1', from: at(-1_000), until: at(3_600_000) }
  const body = EngagementRequest.parse(wanted)
  await assert.rejects(call('addEngagement', { body: { ...body, until: at(-2_000) } }), /must be later/)
  const misspelt = { ...body, hosts: ['berln-1'] }
  await assert.rejects(call('addEngagement', { body: misspelt }), { code: 'hosts.not_found' })
  const agreed = await call('addEngagement', { body })
  assert.equal(agreed.state, 'open')
  await until('it is in force', async () =>
    (await field.host.run(['nft', 'list', 'set', 'inet', field.table, 'engaged4'])).stdout.includes(
      SOURCE.attacker,
    ),
  )
  await scan()
  await until('it is recorded', async () => (await events()).some(({ kind }) => kind === 'engagement'))
  assert.equal(await blockOf(SOURCE.attacker), undefined)
  assert.equal((await call('endEngagement', { params: { engagement: agreed.id } })).state, 'over')
  await until(
    'it is over',
    async () =>
      !(await field.host.run(['nft', 'list', 'set', 'inet', field.table, 'engaged4'])).stdout.includes(
        SOURCE.attacker,
      ),
  )
})

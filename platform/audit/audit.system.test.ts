import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { API } from '#contract/api.ts'
import { auditRoutes } from '#contract/audit.ts'
import type { BegunAct } from '#runtime/server/audit.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import { makeAuditLog, recordOwnAct } from './log.ts'
import { makeAuditHandlers, meaningsOf } from './routes.ts'
import { forgetActs } from './store.ts'

let database: TestDatabase
let deps: ServerDeps
before(async () => {
  database = await makeTestDatabase()
  deps = { db: database.db, log: silent, now: () => new Date() } as unknown as ServerDeps
})
after(() => database.close())

const handlers = makeAuditHandlers(meaningsOf(API, { 'own.deed': 'Something of its own' }))
const list = async (asked: object) => {
  const query = auditRoutes.list.query.parse(asked)
  const { acts } = (await handlers.list({ query } as never, deps)) as {
    acts: Array<Record<string, unknown> & { id: number }>
  }
  return acts
}
const act = (action: string, more: Partial<BegunAct> = {}): BegunAct => ({
  ...{ who: { kind: 'user', id: 'u', name: 'ada' }, source: '192.0.2.1', requestId: 'r' },
  ...{ action, goals: { app: 'shop' }, told: { ports: ['443', '8443'] } },
  ...more,
})

test('acts are found by who, what and on what; one without an end says that nobody knows', async () => {
  const audit = makeAuditLog(deps)
  const done = await audit.begin(act('network.allow'))
  await audit.end(done, { result: 'done', answer: { id: 'shop-k3f9' } })
  await audit.whole(act('apps.destroy'), { result: 'refused', code: 'forbidden' })
  await audit.begin(act('network.deny', { goals: { rule: 'shop-k3f9' } }))
  await recordOwnAct(database.db, { action: 'own.deed', on: { host: 'one' }, told: {} }, new Date())
  const seen = async (query: object) => (await list(query)).map(({ action, result }) => [action, result])
  assert.deepEqual(await seen({}), [
    ['own.deed', 'done'],
    ['network.deny', 'unknown'],
    ['apps.destroy', 'refused'],
    ['network.allow', 'done'],
  ])
  assert.deepEqual(await seen({ who: 'maru' }), [['own.deed', 'done']])
  assert.deepEqual(await seen({ on: 'shop-k3f9' }), [
    ['network.deny', 'unknown'],
    ['network.allow', 'done'],
  ])
  assert.equal((await seen({ on: '8443' })).length, 3)
  assert.deepEqual(await seen({ on: '%' }), [])
  assert.deepEqual(await seen({ result: 'refused' }), [['apps.destroy', 'refused']])
  const soon = new Date(Date.now() + 60_000).toISOString()
  assert.equal((await seen({ until: soon })).length, 4)
  assert.deepEqual(await seen({ since: soon }), [])
  const [newest] = await list({ limit: 1 })
  assert.equal((await seen({ until: String(newest?.at) })).length, 3)
  assert.equal(newest?.what, 'Something of its own')
  assert.equal((await list({ before: newest?.id })).length, 3)
})

test('what is written stays: nobody changes, removes or empties it', async () => {
  const sql = (text: string) => database.pool.query(text)
  const kept = /the audit log is only added to/
  await assert.rejects(sql("update audit_act set who = 'eve'"), kept)
  await assert.rejects(sql("update audit_act set result = 'refused' where result = 'done'"), kept)
  await assert.rejects(sql("update audit_act set result = 'done', who = 'eve' where result is null"), kept)
  await assert.rejects(sql('delete from audit_act'), kept)
  await assert.rejects(sql('truncate audit_act'), kept)
  assert.equal((await list({})).length, 4)
})

test('what is old is forgotten, and nothing else', async () => {
  await database.pool.query(`insert into audit_act (at, kind, who_id, who, source, request_id, action, goals, told)
    values (now() - interval '401 days', 'root', 'root', 'root', 'local', '', 'apps.create', '{}', '{}')`)
  assert.equal(await forgetActs(database.db, new Date()), 1)
  assert.equal((await list({})).length, 4)
})

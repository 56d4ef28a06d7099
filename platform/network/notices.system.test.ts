import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { listActs } from '#platform/audit/store.ts'
import { makeTestDatabase, type TestDatabase } from '#runtime/server/test-database.ts'
import { lookAtRules } from './notice-loop.ts'
import { loadLives, markUsed } from './notice-store.ts'
import { insertRule } from './store.ts'
import { ruleOf } from './test-policy.ts'

const DAY_MS = 86_400_000
const now = new Date()
const later = (days: number) => new Date(now.getTime() + days * DAY_MS)
let database: TestDatabase
before(async () => {
  database = await makeTestDatabase()
})
after(() => database.close())

const acts = async () =>
  (await listActs(database.db, { limit: 10 })).map(({ who, action, goals }) => [who, action, goals.rule])

test('each warning is written down once; traffic takes a proposal back', async () => {
  const { db } = database
  const until = later(40).toISOString()
  await insertRule(db, ruleOf('rule-ends', 'apps', '198.51.100.1', ['443'], { until }), null)
  await insertRule(db, ruleOf('rule-stays', 'apps', '198.51.100.2', ['443']), null)
  await lookAtRules(db, now)
  assert.deepEqual(await acts(), [])
  for (const day of [34, 34.5]) await lookAtRules(db, later(day))
  const proposed = ['rule-stays', 'rule-ends'].map((rule) => ['maru', 'network.unused', rule])
  assert.deepEqual(await acts(), [proposed[0], proposed[1], ['maru', 'network.ends_soon', 'rule-ends']])
  await lookAtRules(db, later(39.5))
  assert.deepEqual((await acts())[0], ['maru', 'network.ends_soon', 'rule-ends'])
  await markUsed(db, ['rule-stays'], later(39))
  const [, stays] = await loadLives(db)
  assert.equal(stays?.proposedAt, null)
  await lookAtRules(db, later(60))
  assert.equal((await acts()).length, 4)
})

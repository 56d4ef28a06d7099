import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Principal } from '#contract/access.ts'
import { AppName } from '#contract/ids.ts'
import type { networkNoticeRoutes } from '#contract/network-notices.ts'
import type { ResponseOf } from '#contract/route.ts'
import { listActs } from '#platform/audit/store.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { makeTestDatabase, type TestDatabase } from '#runtime/server/test-database.ts'
import { lookAtRules } from './notice-loop.ts'
import { makeNoticeHandlers } from './notice-routes.ts'
import { loadLives, markUsed } from './notice-store.ts'
import { insertRule } from './store.ts'
import { ruleOf, TEST_FACTS } from './test-policy.ts'

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

test('an app’s owner, who is no operator, is told when a rule of his app ends soon, and of no other app’s', async () => {
  const { db, pool } = database
  const app = { id: 'app_shop2222', name: AppName.parse('shop') }
  await pool.query(`insert into apps_app (id, name, team_id) values ('${app.id}', 'shop', 'team_own')`)
  const until = later(40).toISOString()
  await insertRule(db, ruleOf('rule-own', 'app:shop', '198.51.100.3', ['443'], { until }), app.id)
  await insertRule(db, ruleOf('rule-other', 'app:blog', '198.51.100.4', ['443'], { until }), null)
  await markUsed(db, ['rule-own', 'rule-other'], later(29))
  const { ofApp } = makeNoticeHandlers({ findApp: async () => app })
  const owner: Principal = { kind: 'user', id: 'ben', name: 'ben', operator: false, teams: [] }
  const told = async (days: number) => {
    const at = later(days)
    const deps = { db, config: { installation: TEST_FACTS.installation }, now: () => at }
    const call = { principal: owner, params: { app: app.name }, query: {}, source: 'local' }
    return (await ofApp(call as never, deps as unknown as ServerDeps)) as ResponseOf<
      typeof networkNoticeRoutes.ofApp
    >
  }
  assert.deepEqual((await told(30)).notices, [])
  assert.deepEqual((await told(39)).notices, [
    {
      rule: 'rule-own',
      kind: 'ends',
      text: 'rule-own ends in 24 hours. If it is still needed, take it back and allow it anew with a later end.',
    },
  ])
})

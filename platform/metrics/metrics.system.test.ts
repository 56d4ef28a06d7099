import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { HostFigures } from '#contract/agent.ts'
import { startHub } from '#runtime/server/notify.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import { METRICS_STORED, recordFigures } from './index.ts'
import { rollUpAll } from './jobs.ts'
import { forgetFigures, loadSteps } from './store.ts'
import { viewSteps } from './view.ts'

let database: TestDatabase

before(async () => {
  database = await makeTestDatabase()
})
after(() => database?.close())

const START = Date.parse('2026-01-01T10:00:00.000Z')
const at = (second: number) => new Date(START + second * 1000)

/** A host's counters at a second: `count` apps that have had `answers` each, with an instance. */
const reading = (second: number, answers: number, count = 1, name = 'a') =>
  HostFigures.parse({
    at: at(second).toISOString(),
    traffic: [{ worker: 'w', apps: Array.from({ length: count }, (_, n) => counters(name, n, answers)) }],
    instances: Array.from({ length: count }, (_, n) => ({
      ...{ appId: idOf(name, n), process: 'web', index: 1, release: 1, epoch: 0, life: `${name}${n}` },
      ...{ cpuUs: second * 250_000, memoryBytes: 1000 + second },
    })),
  })
const idOf = (name: string, n: number) => `app_${name}${String(n).padStart(6, '0')}`
const counters = (name: string, n: number, answers: number) => ({
  appId: idOf(name, n),
  answers,
  clientErrors: Math.floor(answers / 2),
  serverErrors: 0,
  timed: answers,
  tenthsMs: answers * 40,
})

const steps = async (appId: string, stepS: number, since = at(-86_400)) =>
  viewSteps(await loadSteps(database.db, appId, stepS, since))

test('what is counted between two readings is stored once, and those who wait are told', async () => {
  const hub = startHub(database.connection, silent)
  try {
    const bell = hub.bell(METRICS_STORED)
    await recordFigures(database, 'one', reading(0, 10))
    await recordFigures(database, 'one', reading(10, 14))
    await recordFigures(database, 'one', reading(10, 14))
    assert.equal(await bell.wait(5_000), true)
    bell.close()
  } finally {
    await hub.close()
  }
  const { traffic, instances } = await steps(idOf('a', 0), 10)
  assert.deepEqual(traffic, [
    { at: at(0).toISOString(), requests: 4, clientErrors: 2, serverErrors: 0, latencyMs: 4 },
  ])
  assert.deepEqual(instances, [
    {
      instance: 'web.1',
      process: 'web',
      points: [{ at: at(0).toISOString(), memoryBytes: 1010, cpu: 0.25 }],
    },
  ])
})

test('longer steps are sums of shorter ones, however often they are made, and old ones are given up', async () => {
  const appId = idOf('b', 0)
  for (let second = 0; second <= 600; second += 10) {
    await recordFigures(database, 'two', reading(second, second * 3, 1, 'b'))
    if (second % 120 === 0) await rollUpAll(database.db, at(second))
  }
  await rollUpAll(database.db, at(610))
  await rollUpAll(database.db, at(610))
  const five = await steps(appId, 300)
  assert.deepEqual(
    five.traffic.map(({ requests, latencyMs }) => [requests, latencyMs]),
    [
      [900, 4],
      [900, 4],
    ],
  )
  assert.deepEqual(
    five.instances[0]?.points.map(({ memoryBytes, cpu }) => [memoryBytes, cpu]),
    [
      [1300, 0.25],
      [1600, 0.25],
    ],
  )
  assert.deepEqual(
    (await steps(appId, 1800)).traffic.map(({ requests }) => requests),
    [1800],
  )
  await rollUpAll(database.db, at(3 * 3600))
  assert.deepEqual((await steps(appId, 10)).traffic, [])
  assert.equal((await steps(appId, 300)).traffic.length, 2)
  await rollUpAll(database.db, at(9 * 86_400))
  assert.deepEqual(await steps(appId, 1800), { traffic: [], instances: [] })
})

test('a reading of 500 apps with two statements, and nothing is left of an app that is forgotten', async () => {
  await recordFigures(database, 'many', reading(0, 0, 500, 'c'))
  await recordFigures(database, 'many', reading(10, 7, 500, 'c'))
  const { rows } = await sql<{
    n: number
  }>`select count(*) as n from metrics_traffic where app_id like 'app_c%' and answers = 7`.execute(
    database.db,
  )
  assert.equal(Number(rows[0]?.n), 500)
  await forgetFigures(database.db, idOf('c', 3))
  assert.deepEqual(await steps(idOf('c', 3), 10), { traffic: [], instances: [] })
  assert.equal((await steps(idOf('c', 4), 10)).traffic.length, 1)
})

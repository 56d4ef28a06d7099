import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Evidence } from '#contract/trust.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { jobs } from '#runtime/server/jobs.ts'
import { startHub } from '#runtime/server/notify.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import type { Check } from './check.ts'
import { loadReport } from './report.ts'
import { runAndRecord, TRUST_CHANNEL } from './run-check.ts'
import { insertEvidence, latestEvidence, removeOldEvidence } from './store.ts'

const START = Date.parse('2026-03-10T12:00:00Z')
const NEVER = new AbortController().signal

let database: TestDatabase
let deps: ServerDeps
/** The clock that everything goes by. */
let nowMs = START

before(async () => {
  database = await makeTestDatabase()
  const hub = startHub(database.connection, silent)
  const config = { installation: { name: 'test' }, version: '0' }
  const now = () => new Date(nowMs)
  // Only what this capability reads: a server has more.
  deps = { config, db: database.db, hub, jobs, log: silent, now } as unknown as ServerDeps
})
after(async () => {
  await deps.hub.close()
  await database.close()
})

let passes = true
const check: Check = {
  name: 'edge.tls',
  promises: ['CUS-1'],
  everyS: 300,
  validS: 1200,
  run: async () => ({
    passed: passes,
    summary: passes ? 'It is so.' : 'It is not so.',
    facts: [{ name: 'Names', value: '2' }],
  }),
}
const stateOf = async () => (await loadReport(deps)).promises.find(({ id }) => id === 'CUS-1')?.state

test('evidence makes a promise kept, a failure breaks it, and whoever listens is told', async () => {
  const bell = deps.hub.bell(TRUST_CHANNEL)
  assert.ok(await bell.wait(30_000), 'the hub does not listen')
  assert.equal(await stateOf(), 'not-yet')
  await runAndRecord(check, deps, NEVER)
  assert.ok(await bell.wait(5_000))
  assert.equal(await stateOf(), 'kept')
  passes = false
  nowMs += 1000
  await runAndRecord(check, deps, NEVER)
  assert.equal(await stateOf(), 'not-yet')
  passes = true
  nowMs += 1000
  await runAndRecord(check, deps, NEVER)
  assert.equal(await stateOf(), 'kept')
  bell.close()
})

test('evidence that is old keeps nothing', async () => {
  nowMs += 1200_000
  assert.equal(await stateOf(), 'kept')
  nowMs += 1000
  assert.equal(await stateOf(), 'not-yet')
})

const evidence = (at: string, summary: string): Evidence => ({
  source: 'check',
  name: 'late.comer',
  promises: ['CUS-1'],
  at,
  passed: true,
  summary,
  facts: [],
  durationMs: 1,
  validS: 60,
})

test('of two pieces of evidence the later one counts, whichever is recorded last', async () => {
  await insertEvidence(database.db, evidence('2026-03-10T12:00:05.000Z', 'the later'))
  await insertEvidence(database.db, evidence('2026-03-10T12:00:00.000Z', 'the earlier'))
  const found = (await latestEvidence(database.db)).find(({ name }) => name === 'late.comer')
  assert.equal(found?.summary, 'the later')
  assert.equal(found?.at, '2026-03-10T12:00:05.000Z')
})

test('old evidence is forgotten, the latest of each name is not', async () => {
  const removed = await removeOldEvidence(database.db, new Date('2030-01-01T00:00:00Z'))
  assert.equal(removed, 3)
  assert.deepEqual(
    (await latestEvidence(database.db)).map(({ name }) => name),
    ['edge.tls', 'late.comer'],
  )
})

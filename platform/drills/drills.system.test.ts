import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { DrillResult } from '#contract/drill-result.ts'
import { DrillEvent, DrillRun, drillRoutes, type NumberedDrillEvent } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import { TrustReport } from '#contract/trust.ts'
import { sampleResult } from '#drills/test-result.ts'
import { trustHandlers } from '#platform/trust/index.ts'
import type { Call, ServerDeps } from '#runtime/server/handler.ts'
import { jobs } from '#runtime/server/jobs.ts'
import { startHub } from '#runtime/server/notify.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import { makePictures } from './pictures.ts'
import { drillHandlers } from './routes.ts'
import { drillAt, listRuns } from './store.ts'

let database: TestDatabase
let deps: ServerDeps
let lab: boolean | undefined = true
let absent: string | null = null
const now = new Date('2026-03-10T12:00:00Z')
const leftToHost: object[] = []

before(async () => {
  database = await makeTestDatabase()
  const hub = startHub(database.connection, silent)
  const config = { installation: { name: 'test' }, version: '0' }
  const drills = async () => {
    if (lab === undefined) throw new MaruError('unreachable', { what: 'The host' })
    return { lab, underWay: null, elsewhere: absent }
  }
  const startDrill = async (asked: object) => {
    leftToHost.push(asked)
    return { ...asked, startedAt: now.toISOString(), finishedAt: null }
  }
  // Only what this capability reads: a server has more.
  const parts = { config, db: database.db, hub, jobs, log: silent, agents: { first: { drills, startDrill } } }
  deps = { ...parts, now: () => now } as unknown as ServerDeps
})
after(async () => {
  await deps.hub.close()
  await database.close()
})

const callAs = (kind: 'root' | 'user', more: object) =>
  ({
    principal: { kind, operator: true, name: 'Driller' },
    signal: new AbortController().signal,
    ...more,
  }) as unknown as Call<never>
const record = async (result: DrillResult) =>
  DrillRun.parse(await drillHandlers.record(callAs('root', { body: result }) as never, deps))
const list = async () =>
  drillRoutes.list.response.parse(await drillHandlers.list(callAs('user', {}) as never, deps))
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => (error instanceof MaruError ? error.code : assert.fail(String(error))),
  )
const bak2 = async () => {
  const report = await trustHandlers([], makePictures()).report(callAs('user', {}) as never, deps)
  return TrustReport.parse(report).promises.find(({ id }) => id === 'BAK-2')
}

test('before anything ran, every drill is listed, and whether it may run here', async () => {
  const { drills, lab: isLab } = await list()
  assert.equal(isLab, true)
  assert.ok(drills.length >= 2)
  const onHost = drills.filter(({ needs }) => needs === null || needs === 'pair')
  assert.ok(onHost.every(({ last, here }) => last === null && here === 'yes'))
  lab = false
  const elsewhere = Object.fromEntries((await list()).drills.map(({ name, here }) => [name, here]))
  assert.equal(elsewhere['database-primary-dies'], 'no')
  assert.equal(elsewhere['neighbours-database'], 'on-request')
  lab = undefined
  const unknown = (await list()).drills.filter(({ here }) => here === 'unknown')
  assert.deepEqual(
    unknown.map(({ name }) => name),
    onHost.map(({ name }) => name),
  )
  // Hosts are not taken away from within, lab or not.
  const fromOutside = (await list()).drills.filter(({ here }) => here === 'outside')
  assert.ok(fromOutside.every(({ needs }) => needs === 'hosts' || needs === 'machine'))
  assert.equal(fromOutside.length + onHost.length, drills.length)
  lab = true
  absent = 'postgres-2'
  const apart = (await list()).drills.filter(({ here }) => here === 'elsewhere')
  assert.ok(apart.length > 0 && apart.every(({ needs }) => needs === 'pair'))
  absent = null
})

test('only root records, and handing a run in twice is one run', async () => {
  const asUser = drillHandlers.record(callAs('user', { body: sampleResult() }) as never, deps)
  assert.equal(await codeOf(asUser), 'drills.root_only')
  const { id } = await record(sampleResult())
  assert.equal((await record(sampleResult())).id, id)
  assert.equal((await listRuns(deps.db, 'database-primary-dies', 10)).length, 1)
  const last = (await list()).drills.find(({ name }) => name === 'database-primary-dies')
  assert.equal(last?.last?.id, id)
  assert.equal(last?.validUntil, '2026-04-09T11:59:00.000Z')
  assert.deepEqual(
    (await bak2())?.evidence.map(({ name, passed }) => [name, passed]),
    [['database-primary-dies', true]],
  )
})

test('a run comes back whole, with its ledger, and as a picture', async () => {
  const [run] = await listRuns(deps.db, 'database-primary-dies', 1)
  const params = { run: run?.id }
  const answer = await drillHandlers.run(callAs('user', { params }) as never, deps)
  const { result } = drillRoutes.run.response.parse(answer)
  assert.deepEqual(result, sampleResult())
  const query = { scheme: 'dark' }
  const picture = String(await drillHandlers.picture(callAs('user', { params, query }) as never, deps))
  assert.match(picture, /^<svg .*first success/s)
  const unknown = callAs('user', { params: { run: 'run_none' } }) as never
  assert.equal(await codeOf(drillHandlers.run(unknown, deps)), 'drills.no_run')
})

test('the Trust page shows the picture below each promise that the drill serves', async () => {
  const page = String(await trustHandlers([], makePictures()).page(callAs('user', {}) as never, deps))
  for (const id of ['BAK-2', 'REC-2'])
    assert.match(
      new RegExp(`<article[^>]* id="${id}".*?</article>`, 's').exec(page)?.[0] ?? '',
      /<svg class="time-line"/,
    )
})

test('what happened during a drill is told apart from what happened by itself', async () => {
  assert.equal(await drillAt(deps.db, new Date('2026-03-10T11:58:30Z')), 'database-primary-dies')
  assert.equal(await drillAt(deps.db, new Date('2026-03-10T11:59:30Z')), undefined)
})

test('a drill that fails makes its promise not kept at once, for the reason that it found', async () => {
  const measures = [{ name: 'acknowledged writes that were lost', value: 3, unit: 'writes', limit: 0 }]
  await record(
    sampleResult({
      startedAt: '2026-03-10T11:59:10Z',
      finishedAt: '2026-03-10T11:59:50Z',
      passed: false,
      measures,
      result: 'Three acknowledged writes were lost.',
    }),
  )
  const { state, reason } = (await bak2()) ?? assert.fail('no promise')
  assert.equal(state, 'not-yet')
  assert.match(reason ?? '', /database-primary-dies failed at .*Three acknowledged writes were lost\./)
})

test('a drill whose measurement failed breaks its promise too, and comes back as not measured', async () => {
  const measures = [{ name: 'acknowledged writes that were lost', value: null, unit: 'writes', limit: 0 }]
  const words = 'Not measured: its measurement failed (the app tells at no edge which rows it has).'
  const times = { startedAt: '2026-03-10T11:59:51Z', finishedAt: '2026-03-10T11:59:55Z' }
  const { id } = await record(sampleResult({ ...times, passed: false, measures, result: words }))
  assert.deepEqual((await listRuns(deps.db, 'database-primary-dies', 1))[0]?.measures, measures)
  const answer = await drillHandlers.run(callAs('user', { params: { run: id } }) as never, deps)
  assert.deepEqual(drillRoutes.run.response.parse(answer).result.measures, measures)
  const { state, reason } = (await bak2()) ?? assert.fail('no promise')
  assert.equal(state, 'not-yet')
  assert.match(reason ?? '', /Not measured: its measurement failed/)
})

test('runs are kept for 90 days, and the last one of a drill for longer', async () => {
  const old = { startedAt: '2025-03-10T11:58:00.000Z', finishedAt: '2025-03-10T11:59:00.000Z' }
  const older = { startedAt: '2025-03-09T11:58:00.000Z', finishedAt: '2025-03-09T11:59:00.000Z' }
  const drill = 'neighbours-database'
  await record(sampleResult({ drill, ...older }))
  await record(sampleResult({ drill, ...old }))
  const startedAts = async () => (await listRuns(deps.db, drill, 10)).map(({ startedAt }) => startedAt)
  assert.deepEqual(await startedAts(), [old.startedAt])
  await record(sampleResult({ drill }))
  assert.deepEqual(await startedAts(), [sampleResult().startedAt])
})

const OF_LAB = ['host-dies', 'database-primary-dies', 'ports-scanned-from-outside']
const start = async (drill: string) =>
  drillRoutes.start.response.parse(
    await drillHandlers.start(callAs('user', { params: { drill } }) as never, deps),
  )
/** As the machine that carries the lab asks. */
const next = async () =>
  drillRoutes.nextForLab.response.parse(
    await drillHandlers.nextForLab(callAs('root', { body: { drills: OF_LAB } }) as never, deps),
  )
const tell = (id: string, events: readonly NumberedDrillEvent[]) =>
  drillHandlers.tellFromLab(callAs('root', { params: { start: id }, body: { events } }) as never, deps)
/** What a page that is open is told after an event. */
async function told(id: string, after = 0): Promise<DrillEvent[]> {
  const call = callAs('user', { params: { start: id }, query: { after } })
  const events: DrillEvent[] = []
  const stream = (await drillHandlers.events(call as never, deps)) as AsyncIterable<{ data: DrillEvent }>
  for await (const { data } of stream) events.push(data)
  return events
}
const DONE = DrillEvent.parse({ type: 'done', run: 'run_22222222', passed: true, text: 'Nothing was lost.' })
/** What is judged by its age is so many minutes older. */
async function minutesLater(minutes: number): Promise<void> {
  const age = sql`make_interval(mins => ${minutes})`
  await sql`update drills_lab set seen_at = seen_at - ${age}`.execute(deps.db)
  await sql`update drills_start set started_at = started_at - ${age}`.execute(deps.db)
}

test('what takes hosts is left to the machine that carries the lab, while it is there, and told of to its end', async () => {
  absent = 'postgres-2'
  const where = async () =>
    Object.fromEntries(
      (await list()).drills.map(({ name, here, carriedOutBy }) => [name, [here, carriedOutBy]]),
    )
  assert.deepEqual((await where())['host-dies'], ['outside', 'lab'])
  const asUser = callAs('user', { body: { drills: ['host-dies'] } }) as never
  assert.equal(await codeOf(drillHandlers.nextForLab(asUser, deps)), 'drills.root_only')
  assert.deepEqual(await next(), { start: null, told: 0 })
  const there = await where()
  for (const drill of OF_LAB) assert.deepEqual(there[drill], ['yes', 'lab'])
  assert.deepEqual(there['neighbours-database'], ['yes', 'host'])
  assert.deepEqual(there['data-centre-cut'], ['outside', 'lab'])
  // The host of this control plane may be another one of the lab, which has no marker.
  lab = false
  assert.deepEqual((await where())['host-dies'], ['yes', 'lab'])
  assert.equal((await list()).lab, true)
  lab = true

  // It hears of it at once.
  const asking = next()
  const { id } = await start('host-dies')
  assert.deepEqual((await asking).start?.id, id)
  assert.equal((await list()).underWay?.id, id)
  for (const other of ['neighbours-database', 'host-dies'])
    assert.equal(await codeOf(start(other)), 'drills.busy')
  assert.deepEqual(leftToHost, [])

  const following = told(id)
  await tell(id, [{ number: 1, event: { type: 'step', text: 'Set-up' } }])
  assert.equal((await next()).told, 1)
  // Told twice it is one event, as where the answer was lost with a control plane.
  const rest: NumberedDrillEvent[] = [
    { number: 1, event: { type: 'step', text: 'Set-up' } },
    { number: 2, event: { type: 'log', line: 'fault' } },
    { number: 3, event: DONE },
  ]
  await tell(id, rest)
  const events = rest.map(({ event }) => event)
  assert.deepEqual(await following, events)
  assert.deepEqual([await told(id), await told(id, 2), await told(id, 3)], [events, [DONE], []])
  assert.equal((await list()).underWay, null)
  assert.deepEqual((await next()).start, null)
})

test('a drill that nobody tells of any more is lost, and one that nobody took has failed', async () => {
  const { id } = await start('host-dies')
  await tell(id, [{ number: 1, event: { type: 'step', text: 'Set-up' } }])
  await minutesLater(1)
  assert.equal((await list()).drills.find(({ name }) => name === 'host-dies')?.here, 'outside')
  assert.equal((await list()).underWay?.id, id)
  await minutesLater(6)
  assert.equal(await codeOf(told(id, 1)), 'drills.lost')
  assert.equal((await list()).underWay, null)
  // Whoever asks for work then ends it.
  const { start: dropped, told: number } = await next()
  assert.deepEqual([dropped?.id, number], [id, 1])
  await tell(id, [{ number: 2, event: DONE }])

  // Nobody takes it; who comes later than a minute does not begin it.
  const { id: second } = await start('host-dies')
  await minutesLater(2)
  assert.equal(await codeOf(told(second)), 'drills.not_taken')
  assert.equal((await list()).underWay, null)
  assert.deepEqual(await next(), { start: null, told: 0 })
  const { id: third } = await start('host-dies')
  const [event] = await told(second)
  assert.equal(event?.type === 'failed' && event.error.code, 'drills.not_taken')
  assert.equal((await next()).start?.id, third)
  await tell(third, [{ number: 1, event: DONE }])
  assert.equal(await codeOf(tell('start_22222222', [])), 'drills.lost')
})

import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import { MaruError } from '#contract/errors.ts'
import type { Operation, OperationEvent } from '#contract/operations.ts'
import { followEvents, getOperation } from '#platform/operations/index.ts'
import { isConnectionError } from '#runtime/server/database-errors.ts'
import { findAppById } from './app-store.ts'
import { changeAppConfig } from './change-config.ts'
import { openConfig } from './config.ts'
import { startRotation } from './directory.ts'
import { listInstances } from './instance-store.ts'
import { planDestroy, planRestart, planRollback, planScale } from './plan.ts'
import { findRelease } from './release-store.ts'
import { mustStart, type Request } from './start-operation.ts'
import type { AppRow } from './tables.ts'
import { deployedOn, makeTestPlatform, type TestPlatform } from './test-platform.ts'
import { atEveryStop, type Stop } from './test-stop.ts'

let platform: TestPlatform
const healthy = () => ({})

before(async () => {
  platform = await makeTestPlatform()
})
after(async () => {
  await platform.close()
})
afterEach(() => {
  platform.host.judge = healthy
  platform.host.releaseExitCode = 0
})

const start = (app: AppRow, plan: Request['plan']) =>
  mustStart(platform.deps, { appId: app.id, appName: app.name, createdBy: 'test', plan })

const deployed = (processes?: Readonly<Record<string, string>>) => deployedOn(platform, processes)

async function eventsOf(operation: Operation): Promise<OperationEvent[]> {
  const events: OperationEvent[] = []
  let last = 0
  for await (const { id, data } of followEvents(platform.deps, operation.id, 0, AbortSignal.timeout(5000))) {
    assert.equal(id, last + 1, 'numbers have no gaps')
    last = id
    events.push(data)
  }
  return events
}

/** What an app runs, such as `web.1 v2.0 serve`. */
const shape = async (app: AppRow): Promise<string[]> =>
  (await listInstances(platform.deps.db, [app.id])).map(
    (one) => `${one.process}.${one.index} v${one.release}.${one.epoch} ${one.traffic}`,
  )

const served = async (app: AppRow) => (await findAppById(platform.deps.db, app.id))?.release

test('a first deploy builds, makes the database, runs the release command, starts and serves', async () => {
  const app = await platform.makeApp()
  const operation = await platform.deploy(app, {
    web: 'node server.js',
    worker: 'node w.js',
    release: 'node m.js',
  })
  const done = await platform.run(operation)
  assert.equal(done.state, 'done', JSON.stringify(done.error))
  assert.equal(await served(app), 1)
  assert.deepEqual(await shape(app), ['web.1 v1.0 serve', 'web.2 v1.0 serve', 'worker.1 v1.0 serve'])
  const events = await eventsOf(operation)
  assert.equal(events.at(-1)?.type, 'done')
  assert.ok(events.some((event) => event.type === 'log' && event.line === 'building'))
  assert.ok(events.some((event) => event.type === 'log' && event.line === 'migrated'))
  assert.deepEqual(platform.host.commands.at(-1), ['node', 'm.js'])
  const given = platform.host.workloads.at(-1)?.apps.find(({ appId }) => appId === app.id)
  assert.match(given?.instances[0]?.env.DATABASE_URL ?? '', /sslmode=verify-full/)
})

test('two deploys of one app at the same moment: one goes on, one is told that the app is busy', async () => {
  const app = await platform.makeApp()
  const both = await Promise.allSettled([platform.deploy(app), platform.deploy(app)])
  const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  assert.equal(refused.length, 1)
  assert.ok(refused[0] instanceof MaruError && refused[0].code === 'apps.busy', String(refused[0]))
})

test('a release that exits again and again leaves the old one serving and shows its last lines', async () => {
  const app = await deployed()
  platform.host.judge = (one) =>
    one.release === 2 ? { state: 'unhealthy', restarts: 3, detail: 'exited with code 1 (3 restarts)' } : {}
  const operation = await platform.deploy(app)
  const failed = await platform.run(operation)
  assert.equal(failed.error?.code, 'apps.unhealthy')
  assert.match(failed.error?.message ?? '', /web\.1 exited with code 1/)
  assert.equal(await served(app), 1)
  assert.deepEqual(await shape(app), ['web.1 v1.0 serve', 'web.2 v1.0 serve'])
  assert.equal((await findRelease(platform.deps.db, app.id, 2))?.state, 'failed')
  const events = await eventsOf(operation)
  assert.ok(events.some((event) => event.type === 'log' && event.line === 'cannot find module'))
  assert.equal(events.at(-1)?.type, 'failed')
})

test('a release command that fails stops the deploy before anything starts', async () => {
  const app = await platform.makeApp()
  platform.host.releaseExitCode = 7
  const failed = await platform.run(await platform.deploy(app, { web: 'node s.js', release: 'node m.js' }))
  assert.equal(failed.error?.code, 'apps.release_phase_failed')
  assert.deepEqual(failed.error?.params, { exitCode: 7 })
  assert.deepEqual(await shape(app), [])
  assert.equal(await served(app), null)
})

test('configuration is stored before the first release and makes a release afterwards; rollback brings it back', async () => {
  const app = await platform.makeApp()
  const stored = await changeAppConfig(platform.deps, app.name, { COLOUR: 'red' }, 'test')
  assert.deepEqual(stored, { changed: true, operation: null })
  await platform.run(await platform.deploy(app))
  const { operation: change } = await changeAppConfig(platform.deps, app.name, { COLOUR: 'blue' }, 'test')
  assert.ok(change)
  assert.equal((await platform.run(change)).state, 'done')
  const colour = async () => {
    const row = await findAppById(platform.deps.db, app.id)
    return (await openConfig(platform.deps, app.id, row?.config_sealed ?? null)).COLOUR
  }
  assert.equal(await colour(), 'blue')
  await platform.run(await start(app, (snapshot) => planRollback(snapshot, null)))
  assert.equal(await colour(), 'red')
  assert.equal(await served(app), 3)
  const same = await changeAppConfig(platform.deps, app.name, { COLOUR: 'red' }, 'test')
  assert.deepEqual(same, { changed: false, operation: null })
})

test('configuration of a release that fails does not become the configuration of the app', async () => {
  const app = await deployed()
  platform.host.judge = (one) => (one.release === 2 ? { state: 'unhealthy', restarts: 5 } : {})
  const { operation: change } = await changeAppConfig(platform.deps, app.name, { BROKEN: 'yes' }, 'test')
  assert.ok(change)
  assert.equal((await platform.run(change)).state, 'failed')
  const row = await findAppById(platform.deps.db, app.id)
  assert.deepEqual(await openConfig(platform.deps, app.id, row?.config_sealed ?? null), {})
})

test('scale adds and takes away only the difference; restart replaces everything', async () => {
  const app = await deployed()
  await platform.run(await start(app, (snapshot) => planScale(snapshot, { web: 3 })))
  assert.deepEqual(await shape(app), ['web.1 v1.0 serve', 'web.2 v1.0 serve', 'web.3 v1.0 serve'])
  await platform.run(await start(app, (snapshot) => planScale(snapshot, { web: 1 })))
  assert.deepEqual(await shape(app), ['web.1 v1.0 serve'])
  await platform.run(await start(app, planRestart))
  assert.deepEqual(await shape(app), ['web.1 v1.1 serve'])
})

test('rotation gives the app the other login role, by a new release', async () => {
  const app = await deployed()
  const urlOf = (release: number) =>
    platform.host.workloads
      .at(-1)
      ?.apps.find(({ appId }) => appId === app.id)
      ?.instances.find((one) => one.release === release)?.env.DATABASE_URL
  assert.match(urlOf(1) ?? '', new RegExp(`${app.id}_a:`))
  const done = await platform.run(await startRotation(platform.deps, app.name, 'test'))
  assert.equal(done.state, 'done', JSON.stringify(done.error))
  assert.match(urlOf(2) ?? '', new RegExp(`${app.id}_b:`))
})

test('destroy removes instances, database, keys and rows; the operation stays', async () => {
  const app = await deployed()
  const operation = await start(app, planDestroy)
  assert.equal((await platform.run(operation)).state, 'done')
  assert.equal(await findAppById(platform.deps.db, app.id), undefined)
  assert.ok(platform.host.removed.includes(app.id))
  const { rows } = await sql`select 1 from pg_database where datname = ${app.id}`.execute(platform.deps.db)
  assert.equal(rows.length, 0)
  assert.equal((await getOperation(platform.deps.db, operation.id)).app, app.name)
})

/** Stops in the middle, loses the last progress, and goes on: the step before is then carried out a second time. */
async function interrupt(operation: Operation, stop: Stop): Promise<Operation> {
  await stop
    .until(() => platform.run(operation, stop.signal))
    .catch((error: unknown) => assert.ok(stop.stopped(), String(error)))
  await sql`update operations_operation set step_index = greatest(step_index - 1, 0), step_begun_at = now()
    where id = ${operation.id} and finished_at is null and not undoing`.execute(platform.deps.db)
  return await platform.run(operation)
}

test('a control plane that stops at any point of a deploy is followed by one that finishes it', async () => {
  await atEveryStop(async (stop) => {
    const app = await deployed({ web: 'node s.js', worker: 'node w.js' })
    const operation = await platform.deploy(app, { web: 'node s.js', worker: 'node w.js' })
    const done = await interrupt(operation, stop)
    assert.equal(done.state, 'done', JSON.stringify(done.error))
    assert.equal(await served(app), 2)
    assert.deepEqual(await shape(app), ['web.1 v2.0 serve', 'web.2 v2.0 serve', 'worker.1 v2.0 serve'])
  })
})

test('a control plane that stops at any point of a failing deploy is followed by one that takes it back', async () => {
  platform.host.judge = (one) => (one.release === 2 ? { state: 'unhealthy', restarts: 3 } : {})
  await atEveryStop(async (stop) => {
    const app = await deployed()
    const failed = await interrupt(await platform.deploy(app), stop)
    assert.equal(failed.error?.code, 'apps.unhealthy')
    assert.equal(await served(app), 1)
    assert.deepEqual(await shape(app), ['web.1 v1.0 serve', 'web.2 v1.0 serve'])
  })
})

test('a control plane that stops at any point of a destruction is followed by one that finishes it', async () => {
  await atEveryStop(async (stop) => {
    const app = await deployed()
    const done = await interrupt(await start(app, planDestroy), stop)
    assert.equal(done.state, 'done', JSON.stringify(done.error))
    assert.equal(await findAppById(platform.deps.db, app.id), undefined)
  })
})

test('a database that drops every connection in the middle of a deploy only delays it', async () => {
  const app = await deployed()
  const operation = await platform.deploy(app)
  const build = platform.host.buildEvents
  let cut = false
  platform.host.buildEvents = (request) => {
    if (!cut) void cutConnections()
    cut = true
    return build(request)
  }
  for (let tries = 0; tries < 5; tries += 1) {
    const now = await platform.run(operation).catch((error: unknown) => {
      assert.ok(
        isConnectionError(error) || (error instanceof MaruError && error.code === 'database_unavailable'),
      )
    })
    if (now?.state === 'done') break
  }
  platform.host.buildEvents = build
  assert.ok(cut)
  assert.equal((await getOperation(platform.deps.db, operation.id)).state, 'done')
  assert.deepEqual(await shape(app), ['web.1 v2.0 serve', 'web.2 v2.0 serve'])
})

/** Ends every connection of the control plane from outside, as a failover does. */
async function cutConnections(): Promise<void> {
  const client = new pg.Client(platform.database.admin)
  await client.connect()
  await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`)
  await client.end()
}

test('a control plane that stops during the release command rolls back instead of running it twice', async () => {
  const app = await deployed()
  const operation = await platform.deploy(app, { web: 'node s.js', release: 'node m.js' })
  const controller = new AbortController()
  const run = platform.host.run
  platform.host.run = async (request) => {
    controller.abort(new Error('stopped by the test'))
    return await run(request)
  }
  await assert.rejects(platform.run(operation, controller.signal))
  platform.host.run = run
  const before = platform.host.commands.length
  const failed = await platform.run(operation)
  assert.equal(failed.error?.code, 'apps.interrupted')
  assert.equal(platform.host.commands.length, before)
  assert.equal(await served(app), 1)
})

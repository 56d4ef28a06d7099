import assert from 'node:assert/strict'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { HostReport } from '#contract/agent.ts'
import type { SourceId } from '#contract/ids.ts'
import { registerFirstHost } from '#platform/fleet/index.ts'
import { getOperation, LOG_LIMITS, listOperations } from '#platform/operations/index.ts'
import { publish } from '#platform/workload/index.ts'
import { saveReport } from '#platform/workload/store.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import { makeTestDatabase, silent } from '#runtime/server/test-database.ts'
import { applyHealthy } from './apply/instances.ts'
import { planDestroy, planRestart } from './plan.ts'
import { insertRelease, LISTED_RELEASES, listReleases } from './release-store.ts'
import { insertSource, listSources } from './source-store.ts'
import { mustStart } from './start-operation.ts'
import type { StepContext } from './step-context.ts'
import { removeStrayFiles, sweepApps } from './sweep.ts'
import type { AppRow } from './tables.ts'
import { deployedOn, makeTestPlatform, TEST_HOST, type TestPlatform } from './test-platform.ts'

let platform: TestPlatform
let folder: string

before(async () => {
  platform = await makeTestPlatform()
  folder = join(platform.deps.config.artifactsDir, 'sources')
  await mkdir(folder, { recursive: true })
})
after(async () => {
  await platform.close()
})

const HOURS_AGO = new Date(Date.now() - 3 * 3600_000)

async function addSource(app: AppRow, old: boolean): Promise<string> {
  const id = randomId<SourceId>('src')
  const file = `${id}.tar.gz`
  await writeFile(join(folder, file), 'x')
  const recipe = { kind: 'static' } as const
  const row = { id, app_id: app.id, file, size_bytes: 1, files: 1, recipe, processes: {}, host: null }
  await insertSource(platform.deps.db, row)
  if (old)
    await sql`update apps_source set created_at = ${HOURS_AGO} where id = ${id}`.execute(platform.deps.db)
  return file
}

const deployed = () => deployedOn(platform)

test('a keyed request sent again gets the operation that it has started, even when the answer was lost', async () => {
  const app = await deployed()
  const request = { appId: app.id, appName: app.name, createdBy: 'test', requestKey: 'k1', plan: planRestart }
  const first = await mustStart(platform.deps, request)
  assert.equal((await mustStart(platform.deps, request)).id, first.id, 'while it is under way')
  await platform.run(first)
  assert.equal((await mustStart(platform.deps, request)).id, first.id, 'when it is over')
  assert.equal((await listOperations(platform.deps.db, app.id)).length, 2)
  assert.notEqual((await mustStart(platform.deps, { ...request, requestKey: 'k2' })).id, first.id)
})

test('the sweep removes sources that nobody deploys and files that nothing knows', async () => {
  const app = await platform.makeApp()
  const busy = await platform.makeApp()
  const kept = [await addSource(app, false), await addSource(busy, true)]
  await addSource(app, true)
  await platform.deploy(busy)
  for (const name of ['src_gone.tar.gz', 'src_half.tar.gz.abc.tmp']) {
    await writeFile(join(folder, name), 'x')
    await utimes(join(folder, name), HOURS_AGO, HOURS_AGO)
  }
  await writeFile(join(folder, 'src_under_way.tar.gz.abc.tmp'), 'x')
  await sweepApps(platform.deps)
  await removeStrayFiles(platform.deps)
  const left = (await readdir(folder)).sort()
  assert.deepEqual(left, [...kept, 'src_under_way.tar.gz.abc.tmp'].sort())
})

test('of many sources that wait, the newest stay', async () => {
  const app = await platform.makeApp()
  const files: string[] = []
  for (let count = 0; count < 6; count += 1) files.push(await addSource(app, false))
  await sweepApps(platform.deps)
  const left = (await listSources(platform.deps.db, app.id)).map(({ file }) => file)
  assert.deepEqual(left.sort(), files.slice(2).sort())
})

test('an app that is destroyed takes its uploaded sources with it', async () => {
  const app = await deployed()
  const file = await addSource(app, false)
  const request = { appId: app.id, appName: app.name, createdBy: 'test', plan: planDestroy }
  assert.equal((await platform.run(await mustStart(platform.deps, request))).state, 'done')
  assert.ok(!(await readdir(folder)).includes(file))
})

test('releases that are history are forgotten; the one that serves never is', async () => {
  const app = await deployed()
  const [serving] = await listReleases(platform.deps.db, app.id)
  assert.ok(serving)
  const { created_at: _, ...row } = serving
  for (let version = 2; version <= LISTED_RELEASES + 20; version += 1)
    await insertRelease(platform.deps.db, { ...row, version, state: 'failed' })
  await sweepApps(platform.deps)
  const left = (await listReleases(platform.deps.db, app.id)).map(({ version }) => version)
  assert.equal(left.length, LISTED_RELEASES + 1)
  assert.equal(left.at(-1), 1)
})

test('a build may print what no database stores', async () => {
  const app = await platform.makeApp()
  const build = platform.host.buildEvents
  const cut = `${'x'.repeat(LOG_LIMITS.lineChars - 1)}😀`
  platform.host.buildEvents = (request) => [
    { type: 'log', line: 'a\0b' },
    { type: 'log', line: cut },
    ...build(request),
  ]
  const operation = await platform.deploy(app)
  await platform.run(operation).finally(() => {
    platform.host.buildEvents = build
  })
  assert.equal((await getOperation(platform.deps.db, operation.id)).state, 'done')
})

test('what the host said before an instance was wanted is no sign of its health', async () => {
  const database = await makeTestDatabase()
  const key = { process: 'web', index: 2, release: 1, epoch: 0 }
  const report = {
    generation: 0,
    host: 'h',
    problem: '',
    instances: [{ ...key, app: 'shop', state: 'healthy' }],
  }
  const context = {
    deps: {
      db: database.db,
      hub: { bell: () => ({ wait: async () => true, close: () => undefined }) },
      agents: { first: { lastLog: async () => [] } },
      config: { host: TEST_HOST, version: 'test' },
      log: silent,
      now: () => new Date(),
    },
    operation: { id: 'op_2222', app_id: 'app_2222', app_name: 'shop' },
    signal: new AbortController().signal,
    resumed: false,
    begunAt: HOURS_AGO,
    log: async () => undefined,
  } as unknown as StepContext
  try {
    await registerFirstHost(context.deps)
    await sql`insert into apps_app (id, name, team_id) values ('app_2222', 'shop', 'team')`.execute(
      database.db,
    )
    await sql`insert into apps_instance (app_id, process, index, release, epoch, traffic, host)
      values ('app_2222', 'web', 2, 1, 0, 'none', ${TEST_HOST.name})`.execute(database.db)
    await saveReport(database.db, TEST_HOST.name, report as unknown as HostReport)
    const generation = await publish(database.db)
    const step = { release: 1, instances: [key] }
    await assert.rejects(applyHealthy(step, context), { code: 'apps.unhealthy' })
    await saveReport(database.db, TEST_HOST.name, { ...report, generation } as unknown as HostReport)
    await applyHealthy(step, context)
  } finally {
    await database.close()
  }
})

import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { Principal } from '#contract/access.ts'
import { App, Instance, Release, RUN_FRAME } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import type { Operation } from '#contract/operations.ts'
import type { Route } from '#contract/route.ts'
import { packSource } from '#platform/builds/index.ts'
import { makeDataHandlers } from '#platform/data/index.ts'
import { makeFrameReader } from '#runtime/kit/run-frames.ts'
import type { Call, Handler, ServerDeps } from '#runtime/server/handler.ts'
import { findApp, startRotation } from './directory.ts'
import { appHandlers } from './routes.ts'
import { makeTestPlatform, type TestPlatform } from './test-platform.ts'

let platform: TestPlatform
let folder: string
const owner: Principal = {
  kind: 'user',
  id: 'u1',
  name: 'Ada',
  operator: false,
  teams: [{ teamId: 'team_one', role: 'owner' }],
}
const stranger: Principal = { ...owner, teams: [{ teamId: 'team_two', role: 'owner' }] }
const NAME = 'paper-shop'

before(async () => {
  platform = await makeTestPlatform()
  folder = await mkdtemp(join(tmpdir(), 'maru-source-'))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts: { start: 'node server.js' } }))
  await writeFile(join(folder, 'server.js'), '')
})
after(async () => {
  await platform.close()
  await rm(folder, { recursive: true })
})

/** Calls a handler as the server does once the request is parsed and authorized. */
const ask = async <T extends Route>(handler: Handler<T>, call: object = {}, deps?: ServerDeps) => {
  const defaults = {
    params: { app: NAME },
    query: {},
    body: undefined,
    principal: owner,
    requestId: 'r1',
    signal: AbortSignal.timeout(10_000),
    upload: Readable.from([]),
  }
  return await handler({ ...defaults, ...call } as unknown as Call<T>, deps ?? platform.deps)
}

const upload = async () => {
  const { stream } = await packSource(folder)
  return (await ask(appHandlers.upload, { upload: stream })) as { source: string; files: number }
}

test('a new app belongs to the team of whoever made it, and its name is taken from then on', async () => {
  const made = App.parse(await ask(appHandlers.create, { body: { name: NAME } }))
  assert.deepEqual([made.state, made.release, made.url], ['new', null, `https://${NAME}.maru.localhost`])
  await assert.rejects(ask(appHandlers.create, { body: { name: NAME }, principal: stranger }), {
    code: 'apps.name_taken',
  })
  const seen = (await ask(appHandlers.list, { principal: stranger })) as { apps: unknown[] }
  assert.deepEqual(seen.apps, [])
})

test('a viewer makes no app', async () => {
  const viewer = { ...owner, teams: [{ teamId: 'team_one', role: 'viewer' }] }
  await assert.rejects(ask(appHandlers.create, { body: { name: 'other' }, principal: viewer }), {
    code: 'forbidden',
  })
})

test('what needs a release says that there is none', async () => {
  for (const [handler, body] of [
    [appHandlers.rollback, { release: null }],
    [appHandlers.scale, { processes: { web: 1 } }],
    [appHandlers.restart, undefined],
  ] as const)
    await assert.rejects(ask(handler as Handler<Route>, { body }), { code: 'apps.no_release' })
})

test('upload and deploy: the source is stored, built, and gone afterwards', async () => {
  const { source, files } = await upload()
  assert.equal(files, 2)
  const operation = (await ask(appHandlers.deploy, { body: { source } })) as Operation
  assert.match(operation.plan, /^1\. Build v1\n/)
  assert.equal((await platform.run(operation)).state, 'done')
  assert.deepEqual(await readdir(join(platform.deps.config.artifactsDir, 'sources')), [])
  await assert.rejects(ask(appHandlers.deploy, { body: { source } }), { code: 'apps.source_not_found' })
})

test('a source of one app cannot be deployed to another', async () => {
  const { source } = await upload()
  const other = await platform.makeApp('other-shop')
  await assert.rejects(ask(appHandlers.deploy, { params: { app: other.name }, body: { source } }), {
    code: 'apps.source_not_found',
  })
})

test('an almost full disk stops an upload before it begins', async () => {
  await sql`update workload_report set report = jsonb_set(report, '{disk,freeMb}', '12')`.execute(
    platform.deps.db,
  )
  await assert.rejects(upload(), (error) => error instanceof MaruError && error.code === 'hosts.disk_full')
  await sql`update workload_report set report = jsonb_set(report, '{disk,freeMb}', '5000')`.execute(
    platform.deps.db,
  )
})

test('a disk that could not be observed is not taken for a full one', async () => {
  const setDisk = (disk: object | null) =>
    sql`update workload_report set report = jsonb_set(report, '{disk}', ${JSON.stringify(disk)}::jsonb)`.execute(
      platform.deps.db,
    )
  await setDisk(null)
  await upload()
  await setDisk({ freeMb: 5000, totalMb: 100_000 })
})

test('app, releases and instances are shown as the contract says', async () => {
  const app = App.parse(await ask(appHandlers.get))
  assert.deepEqual([app.state, app.release, app.instances], ['running', 1, { running: 2, wanted: 2 }])
  const { releases } = (await ask(appHandlers.releases)) as { releases: unknown[] }
  assert.equal(Release.parse(releases[0]).state, 'serving')
  const { instances } = (await ask(appHandlers.instances)) as { instances: unknown[] }
  assert.deepEqual(
    instances.map((one) => Instance.parse(one)).map(({ id, state, detail }) => [id, state, detail]),
    [
      ['web.1', 'healthy', ''],
      ['web.2', 'healthy', ''],
    ],
  )
})

test('a host that has gone silent is not shown as fresh', async () => {
  const later = { ...platform.deps, now: () => new Date(Date.now() + 60_000) }
  const { instances } = (await ask(appHandlers.instances, {}, later)) as { instances: Instance[] }
  assert.match(instances[0]?.detail ?? '', /has not reported for \d+ s/)
  const app = App.parse(await ask(appHandlers.get, {}, later))
  assert.equal(app.instances.running, 0)
})

test('configuration: values are for those who ask for them, names that are reserved are refused', async () => {
  const changed = (await ask(appHandlers.configChange, { body: { values: { COLOUR: 'red' } } })) as {
    operation: Operation
  }
  assert.equal((await platform.run(changed.operation)).state, 'done')
  assert.deepEqual(await ask(appHandlers.configNames), { names: ['COLOUR'] })
  assert.deepEqual(await ask(appHandlers.configValues), { values: { COLOUR: 'red' } })
  await assert.rejects(ask(appHandlers.configChange, { body: { values: { PORT: '1' } } }), {
    code: 'apps.config_reserved',
  })
})

/** Everything that a stream of frames says, by kind. */
async function readFrames(stream: Duplex): Promise<Array<[number, string]>> {
  const read = makeFrameReader()
  const frames: Array<[number, string]> = []
  for await (const chunk of stream)
    for (const { kind, payload } of read(chunk as Buffer)) frames.push([kind, payload.toString()])
  return frames
}

test('run: the first line says what to run, frames come back', async () => {
  const stream = (await ask(appHandlers.run)) as Duplex
  stream.write(`${JSON.stringify({ command: ['ls', '-l'] })}\n`)
  assert.deepEqual(await readFrames(stream), [
    [RUN_FRAME.stdout, 'migrated\n'],
    [RUN_FRAME.exit, '{"exitCode":0}'],
  ])
  assert.deepEqual(platform.host.commands.at(-1), ['ls', '-l'])
})

test('run: a bad first line is told in an error frame', async () => {
  for (const line of ['not json', '{"command":[]}']) {
    const stream = (await ask(appHandlers.run)) as Duplex
    stream.write(`${line}\n`)
    const [[kind, text] = [0, '']] = await readFrames(stream)
    assert.equal(kind, RUN_FRAME.error)
    assert.match(text, /"code":"invalid"/)
  }
})

test('psql runs as the role of the app, with the certificate verified', async () => {
  const handlers = makeDataHandlers({ findApp, startRotation })
  const stream = (await ask(handlers.psql as Handler<Route>)) as Duplex
  stream.write(`${JSON.stringify({ command: ['psql', '-c', 'select 1'] })}\n`)
  await readFrames(stream)
  assert.deepEqual(platform.host.commands.at(-1), ['psql', '-c', 'select 1'])
  const { url } = (await ask(handlers.url)) as { url: string }
  assert.match(url, /^postgres:\/\/app_\w+_a:.+sslmode=verify-full/)
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { InstanceSpec } from '#contract/agent.ts'
import type { HostName } from '#contract/ids.ts'
import { listHosts } from '#platform/fleet/index.ts'
import { isFresh, loadReports } from '#platform/workload/index.ts'
import { until } from '#runtime/agent/test-host.ts'
import { hostsWithImage, listInstances } from './instance-store.ts'
import { lookOnce } from './keep-places.ts'
import { listReleases } from './release-store.ts'
import { startSupply } from './supply-images.ts'
import type { AppRow } from './tables.ts'
import type { TestHost } from './test-host.ts'
import { deployedOn, makeTestPlatform, type TestPlatform } from './test-platform.ts'
import { viewInstances } from './view.ts'

let platform: TestPlatform
let far: TestHost

before(async () => {
  platform = await makeTestPlatform()
  far = await platform.join('far')
  await until('both hosts have reported', async () => (await loadReports(platform.deps.db)).size === 2)
})
after(() => platform?.close())

const rowsOf = (app: AppRow) => listInstances(platform.deps.db, [app.id])
const placesOf = async (app: AppRow) =>
  (await rowsOf(app)).map(
    (row) => `${row.process}.${row.index} ${row.host}${row.leaving_since ? ' leaving' : ''}`,
  )
/** Looks until the app is where it should be, as the loop does. */
const settle = (app: AppRow, want: readonly string[]) =>
  until(`${app.name} to be at ${want.join(', ')}`, async () => {
    await lookOnce(platform.deps)
    return (await placesOf(app)).join() === want.join()
  })
const has = (host: TestHost, app: AppRow) =>
  host.workloads
    .at(-1)
    ?.apps.find((one) => one.appId === app.id)
    ?.instances.map(({ index }) => index) ?? []

const deployed = () => deployedOn(platform)

test('a deploy starts a pair in two data centres, and each edge knows of the other host', async () => {
  const app = await deployed()
  assert.deepEqual((await placesOf(app)).sort(), ['web.1 far', 'web.2 test-host'].sort())
  assert.deepEqual([has(platform.host, app), has(far, app)].flat().sort(), [1, 2])
  const [near] = platform.host.workloads.at(-1)?.apps.filter(({ appId }) => appId === app.id) ?? []
  assert.deepEqual(near?.elsewhere, [{ host: 'far', address: '127.0.0.2' }])
  assert.deepEqual(platform.host.workloads.at(-1)?.peers, ['far'])
})

test('a control plane whose clock is five minutes ahead or behind finds no host silent', async (t) => {
  for (const seconds of [300, -300]) {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + seconds * 1000 })
    const [hosts, reports] = [await listHosts(platform.deps.db), await loadReports(platform.deps.db)]
    const fresh = [...reports].map(([name, received]) => [name, isFresh(received, new Date())])
    t.mock.timers.reset()
    assert.deepEqual(new Set(hosts.map(({ state }) => state)), new Set(['ready']), `${seconds}`)
    assert.deepEqual(Object.fromEntries(fresh), { far: true, 'test-host': true }, `${seconds}`)
    for (const { reportedAt } of hosts)
      assert.ok(
        Math.abs(Date.parse(reportedAt ?? '') - Date.now() - seconds * 1000) < 15_000,
        `${reportedAt}`,
      )
  }
})

test('a source is built where it was uploaded, and its release command runs where its image is', async () => {
  const app = await platform.makeApp()
  const operation = await platform.deploy(app, { web: 'node server.js', release: 'node migrate.js' })
  await sql`update apps_source set host = 'far' where app_id = ${app.id}`.execute(platform.deps.db)
  const [here, there] = [platform.host.commands.length, far.commands.length]
  const built: string[] = []
  const build = far.buildEvents
  far.buildEvents = (request) => {
    built.push(request.app)
    return build(request)
  }
  const done = await platform.run(operation).finally(() => {
    far.buildEvents = build
  })
  assert.equal(done.state, 'done', JSON.stringify(done.error))
  assert.deepEqual(built, [app.name])
  assert.deepEqual([platform.host.commands.length - here, far.commands.length - there], [0, 1])
  const [release] = await listReleases(platform.deps.db, app.id)
  assert.ok((await hostsWithImage(platform.deps.db, release?.image ?? '')).includes('far' as HostName))
})

test('a host gets the image that its instance waits for, and no other', async (t) => {
  const app = await deployed()
  const foreign = `image-${(await deployed()).id}-v9`
  const image = `image-${app.id}-v1`
  const supply = startSupply(platform.deps)
  t.after(() => supply.stop())
  far.missing = [foreign, image]
  await far.putWorkload(far.workloads.at(-1) ?? assert.fail())
  await until('it is brought', async () => far.images.length > 0)
  far.missing = []
  await far.putWorkload(far.workloads.at(-1) ?? assert.fail())
  assert.deepEqual([...new Set(far.images)], [image])
})

test('a release that is ill on one host only is taken back', async (t) => {
  const app = await deployed()
  t.after(() => {
    far.judge = () => ({})
  })
  far.judge = (one) =>
    one.release === 2 ? { state: 'unhealthy', restarts: 3, detail: 'exited with code 1' } : {}
  const failed = await platform.run(await platform.deploy(app))
  assert.equal(failed.state, 'failed')
  assert.match(failed.error?.message ?? '', /exited with code 1/)
  assert.ok((await rowsOf(app)).every(({ release, traffic }) => release === 1 && traffic === 'serve'))
})

test("a drained host's instance moves while it serves, and goes when its requests have ended", async (t) => {
  const app = await deployed()
  const drain = (on: boolean) =>
    sql`update fleet_host set draining = ${on} where name = 'far'`.execute(platform.deps.db)
  t.after(() => drain(false))
  const moving = (await rowsOf(app)).find(({ host }) => host === 'far') ?? assert.fail()
  far.judge = (one: InstanceSpec) => (one.traffic === 'drain' ? { openRequests: 3 } : {})
  await drain(true)
  const id = `web.${moving.index}`
  await until('it is on its way', async () => {
    await lookOnce(platform.deps)
    const rows = (await rowsOf(app)).filter(({ index }) => index === moving.index)
    return rows.length === 2 && rows.find(({ host }) => host === 'far')?.traffic === 'drain'
  })
  await lookOnce(platform.deps)
  assert.ok((await placesOf(app)).includes(`${id} far leaving`), 'its requests are still under way')
  far.judge = () => ({})
  // A new report says so.
  await far.putWorkload(far.workloads.at(-1) ?? assert.fail())
  await settle(app, ['web.1 test-host', 'web.2 test-host'])
})

test('a host that is silent: unknown at once, replaced when it is lost, and balance comes back', async (t) => {
  // Four may move in a minute: those of the tests before would be among them.
  await sql`delete from apps_app`.execute(platform.deps.db)
  const app = await deployed()
  const { deps } = platform
  t.after(() => {
    far.silent = false
  })
  far.silent = true
  const silentFor = (seconds: number) =>
    sql`update workload_report set received_at = now() - make_interval(secs => ${seconds}) where host = 'far'`.execute(
      deps.db,
    )
  await until('its last poll has ended', async () => {
    await silentFor(20)
    const [, received] = [...(await loadReports(deps.db))].find(([name]) => name === 'far') ?? []
    return received && Date.now() - received.receivedAt.getTime() > 15_000
  })
  const around = { reports: await loadReports(deps.db), hosts: await listHosts(deps.db) }
  const seen = viewInstances(app, await rowsOf(app), around, deps.now())
  assert.deepEqual(new Map(seen.map(({ host, state }) => [host, state])).get('far'), 'unknown')
  await lookOnce(deps)
  assert.ok(
    (await placesOf(app)).some((place) => place.endsWith('far')),
    'it may come back any moment',
  )
  await until('it is replaced', async () => {
    await silentFor(40)
    await lookOnce(deps)
    return (await placesOf(app)).every((place) => place.endsWith('test-host'))
  })
  // A silent host keeps no deploy waiting.
  const served = await platform.run(await platform.deploy(app))
  assert.equal(served.state, 'done', JSON.stringify(served.error))
  far.silent = false
  await until('the pair is in two data centres again', async () => {
    await lookOnce(deps)
    const rows = await rowsOf(app)
    return rows.length === 2 && new Set(rows.map(({ host }) => host)).size === 2
  })
  assert.equal((await rowsOf(app)).filter(({ moved }) => moved).length, 1)
})

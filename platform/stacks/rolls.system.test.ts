import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { InstanceSpec } from '#contract/agent.ts'
import type { HostStacks } from '#contract/host-stacks.ts'
import type { HostName } from '#contract/ids.ts'
import type { Operation, OperationEvent } from '#contract/operations.ts'
import { stackRoutes } from '#contract/stacks.ts'
import { findAppById } from '#platform/apps/app-store.ts'
import { listInstances } from '#platform/apps/instance-store.ts'
import { appJobs } from '#platform/apps/jobs.ts'
import { planRollback } from '#platform/apps/plan.ts'
import { findRelease } from '#platform/apps/release-store.ts'
import { mustStart } from '#platform/apps/start-operation.ts'
import type { AppRow } from '#platform/apps/tables.ts'
import { loseCommits } from '#platform/apps/test-deaths.ts'
import { takenSlug } from '#platform/apps/test-host.ts'
import { deployedOn, makeTestPlatform, type TestPlatform } from '#platform/apps/test-platform.ts'
import { noteReport } from '#platform/fleet/index.ts'
import {
  followEvents,
  getOperation,
  listOperations,
  unfinishedOperations,
} from '#platform/operations/index.ts'
import { until } from '#runtime/agent/test-host.ts'
import { stackHandlers } from './routes.ts'
import { runRoll } from './run-roll.ts'

const OLD = `sha256:${'a'.repeat(64)}`
const NEW = `sha256:${'b'.repeat(64)}`
const MADE = '2026-11-20T10:00:00.000Z'
const stacks = (image: string): HostStacks => ({
  newest: [{ nodeMajor: 26, usual: true, image, madeAt: MADE }],
  known: [{ image: OLD, madeAt: MADE }],
  behind: [],
})

let platform: TestPlatform
before(async () => {
  platform = await makeTestPlatform()
  platform.host.buildEvents = ({ appId, release }) => [
    {
      type: 'done',
      result: {
        image: `image-${appId}-v${release}`,
        stack: platform.host.stackReport.newest[0]?.image ?? null,
        slug: { file: `${appId}/${'c'.repeat(64)}.tar.gz`, bytes: 10 },
        defaultWeb: false,
      },
    },
  ]
})
after(() => platform.close())
beforeEach(() => {
  platform.host.stackReport = stacks(OLD)
})
afterEach(() => {
  platform.host.judge = () => ({})
})

const deployed = (name: string) => deployedOn(platform, undefined, `${name}-${Date.now().toString(36)}`)

const buildElsewhere = (app: AppRow, host: string) =>
  platform.deps.db
    .withTables<{ apps_release: { app_id: string; built_on: string } }>()
    .updateTable('apps_release')
    .set({ built_on: host })
    .where('app_id', '=', app.id)
    .execute()

const call = { principal: { name: 'root' }, keyed: undefined } as never
const startRoll = async () =>
  ((await stackHandlers.roll(call, platform.deps)) as { operation: Operation | null }).operation
const mustRoll = async () => (await startRoll()) ?? assert.fail('nothing was planned')

/** Runs the roll, and the operations of the apps as the worker would, until the roll rests. */
async function carryOut(roll: Operation, signal = new AbortController().signal): Promise<void> {
  const resting = new AbortController()
  const rolling = runRoll(platform.deps, roll.id, signal).then(
    () => undefined,
    (error: unknown) => error,
  )
  void rolling.then(() => resting.abort())
  const jobs = appJobs(platform.deps)['apps.operation']
  while (!resting.signal.aborted) {
    for (const { id } of await unfinishedOperations(platform.deps.db))
      await jobs?.({ operationId: id }, new AbortController().signal)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const failure = await rolling
  if (failure !== undefined) throw failure
}

async function eventsOf({ id }: Operation): Promise<OperationEvent[]> {
  const events: OperationEvent[] = []
  for await (const { data } of followEvents(platform.deps, id, 0, AbortSignal.timeout(5000)))
    events.push(data)
  return events
}

/** What `maru stack list` says of an app. */
async function entryOf(app: AppRow) {
  const { apps } = stackRoutes.list.response.parse(await stackHandlers.list(call, platform.deps))
  const { builtOn, state } = apps.find((one) => one.app === app.name) ?? assert.fail('it is not listed')
  return { builtOn, state }
}

const rollBack = (app: AppRow) =>
  mustStart(platform.deps, {
    appId: app.id,
    appName: app.name,
    createdBy: 'test',
    plan: (snapshot) => planRollback(snapshot, null),
  })

const shape = async (app: AppRow) =>
  (await listInstances(platform.deps.db, [app.id])).map(
    ({ process, index, release, epoch, traffic, image }) =>
      `${process}.${index} v${release}.${epoch} ${traffic} ${image?.replace(app.id, 'APP').replace(NEW, 'NEW')}`,
  )

test('a roll moves the same release onto the newer stack; one that is unhealthy there stays, is named, and keeps none from moving', async () => {
  const [good, bad] = [await deployed('good'), await deployed('bad')]
  platform.host.stackReport = stacks(NEW)
  platform.host.judge = (one: InstanceSpec) =>
    one.env.MARU_APP === bad.name && one.epoch > 0
      ? { state: 'unhealthy', restarts: 3, detail: 'ends at once' }
      : {}
  const roll = await mustRoll()
  assert.deepEqual([roll.kind, roll.app], ['stack-roll', null])
  await carryOut(roll)

  assert.deepEqual(await shape(good), [
    'web.1 v1.1 serve image-APP-v1-on-NEW',
    'web.2 v1.1 serve image-APP-v1-on-NEW',
  ])
  const moved = await findRelease(platform.deps.db, good.id, 1)
  assert.deepEqual([moved?.state, moved?.stack, moved?.next_image], ['serving', NEW, null])
  assert.equal((await findAppById(platform.deps.db, good.id))?.next_release, 2, 'no release was made')

  assert.deepEqual(await shape(bad), ['web.1 v1.0 serve image-APP-v1', 'web.2 v1.0 serve image-APP-v1'])
  const stayed = await findRelease(platform.deps.db, bad.id, 1)
  assert.deepEqual([stayed?.state, stayed?.stack, stayed?.next_image], ['serving', OLD, null])

  const { state, error } = await getOperation(platform.deps.db, roll.id)
  assert.deepEqual([state, error?.code], ['failed', 'stacks.roll_incomplete'])
  assert.match(error?.message ?? '', new RegExp(`^1 of 2 apps stay .*: ${bad.name}\\.$`))
  const lines = (await eventsOf(roll)).flatMap((event) => (event.type === 'log' ? [event.line] : []))
  assert.equal(lines.length, 2)
  assert.ok(lines.some((line) => line.startsWith(`${bad.name}: stays`) && line.includes('ends at once')))

  platform.host.judge = () => ({})
  await carryOut(await mustRoll())
  assert.equal((await findRelease(platform.deps.db, bad.id, 1))?.stack, NEW)
  assert.equal(await startRoll(), null, 'nothing is left to do')
})

test('answers to COMMIT that are lost all along only delay a roll: each app is moved once and told of once', async () => {
  const apps = [await deployed('north'), await deployed('south')]
  platform.host.stackReport = stacks(NEW)
  const roll = await mustRoll()
  const commits = await loseCommits(platform)
  await carryOut(roll).finally(async () => assert.ok((await commits.end()) > 5))
  const events = await eventsOf(roll)
  assert.equal((await getOperation(platform.deps.db, roll.id)).state, 'done')
  assert.equal(events.filter(({ type }) => type === 'step').length, 1)
  const lines = events.flatMap((event) => (event.type === 'log' ? [event.line] : []))
  for (const { name } of apps) assert.equal(lines.filter((line) => line.startsWith(`${name}:`)).length, 1)
})

test('a roll that is interrupted goes on where it stood: each app is moved once and told of once', async () => {
  const apps = [await deployed('one'), await deployed('two'), await deployed('three')]
  platform.host.stackReport = stacks(NEW)
  const roll = await mustRoll()
  const stop = new AbortController()
  const restack = platform.host.restack
  let calls = 0
  platform.host.restack = async (request) => {
    calls += 1
    if (calls === 2) stop.abort(new Error('the control plane stops'))
    return await restack(request)
  }
  await assert.rejects(carryOut(roll, stop.signal))
  assert.equal((await getOperation(platform.deps.db, roll.id)).state, 'running')
  await carryOut(roll)
  platform.host.restack = restack
  assert.equal((await getOperation(platform.deps.db, roll.id)).state, 'done')
  assert.equal(calls, apps.length)
  for (const app of apps) {
    const own = (await listOperations(platform.deps.db, app.id)).filter(({ kind }) => kind === 'stack')
    assert.equal(own.length, 1)
  }
  const lines = (await eventsOf(roll)).filter(({ type }) => type === 'log')
  assert.equal(lines.length, apps.length)
})

test('of two rolls at once the second is refused and names the first', async () => {
  await deployed('twice')
  platform.host.stackReport = stacks(NEW)
  const roll = await mustRoll()
  await assert.rejects(startRoll(), { code: 'stacks.rolling', params: { operation: roll.id } })
  await carryOut(roll)
})

test('a rollback brings the code back, not the stack', async () => {
  const app = await deployed('back')
  const further = await platform.run(await platform.deploy(app))
  assert.equal(further.state, 'done')
  platform.host.stackReport = stacks(NEW)
  assert.equal((await platform.run(await rollBack(app))).state, 'done')
  const { stack, image } = (await findRelease(platform.deps.db, app.id, 3)) ?? assert.fail('no release')
  assert.deepEqual([stack, image], [NEW, `image-${app.id}-v3-on-${NEW}`])
  assert.ok((await shape(app)).every((line) => line.includes('v3.0 serve')))
})

test('images of a move under way are kept on the host until it is decided', async () => {
  const app = await deployed('kept')
  platform.host.stackReport = stacks(NEW)
  platform.host.judge = (one) =>
    one.env.MARU_APP === app.name && one.epoch > 0 ? { state: 'unhealthy', restarts: 3 } : {}
  await carryOut(await mustRoll())
  const kept = () =>
    platform.host.workloads.flatMap(({ apps }) => apps.filter(({ appId }) => appId === app.id))
  const during = kept().find(({ instances }) => instances.length === 4)
  assert.deepEqual(during?.keepImages, [`image-${app.id}-v1`, `image-${app.id}-v1-on-${NEW}`])
  await until('the host hears of the end', async () =>
    isDeepStrictEqual(kept().at(-1)?.keepImages, [`image-${app.id}-v1`]),
  )
})

test('where the host that built an app is gone, one that runs it judges it, moves it, and has it from now on', async () => {
  const app = await deployed('heir')
  const own = platform.deps.config.host.name
  await buildElsewhere(app, 'lost')
  assert.deepEqual(await entryOf(app), { builtOn: own, state: 'newest' })
  platform.host.stackReport = stacks(NEW)
  assert.deepEqual(await entryOf(app), { builtOn: own, state: 'behind' })
  await carryOut(await mustRoll())
  const release = await findRelease(platform.deps.db, app.id, 1)
  const { file, bytes } = takenSlug(app.id)
  assert.deepEqual([release?.built_on, release?.stack], [own, NEW])
  assert.deepEqual([release?.slug_file, Number(release?.slug_bytes)], [file, bytes])
})

test('a rollback asks the hosts in turn where nobody remembers who ran the release; where none has it, nothing changes', async (t) => {
  const app = await deployed('turn')
  assert.equal((await platform.run(await platform.deploy(app))).state, 'done')
  await buildElsewhere(app, 'lost')
  t.after(() => {
    platform.host.bare = false
  })
  platform.host.bare = true
  const refused = await platform.run(await rollBack(app))
  assert.deepEqual([refused.state, refused.error?.code], ['failed', 'stacks.code_gone'])
  assert.ok((await shape(app)).every((line) => line.includes('v2.0 serve')))
  const next = await platform.join('next', { role: 'full' })
  await noteReport(platform.deps.db, 'next' as HostName, { generation: 1, certificatesWanted: 0 })
  next.stackReport = stacks(OLD)
  assert.equal((await platform.run(await rollBack(app))).state, 'done')
  assert.equal((await findRelease(platform.deps.db, app.id, 4))?.built_on, 'next')
})

test('an app is moved where it was built, by what that host has, whichever control plane carries it out', async () => {
  const app = await deployed('afar')
  const other = await platform.join('other', { role: 'full' })
  await buildElsewhere(app, 'other')
  const entry = () => entryOf(app)
  // Until it has been heard of, nobody knows: it is not moved, and not said to stand on the newest either.
  assert.deepEqual(await entry(), { builtOn: 'other', state: 'unknown' })
  const heardOf = { generation: 1, certificatesWanted: 0 }
  await noteReport(platform.deps.db, 'other' as HostName, heardOf)
  platform.host.stackReport = stacks(NEW)
  other.stackReport = stacks(OLD)
  assert.deepEqual(await entry(), { builtOn: 'other', state: 'newest' })
  platform.host.stackReport = stacks(OLD)
  other.stackReport = stacks(NEW)
  assert.deepEqual(await entry(), { builtOn: 'other', state: 'behind' })
  await carryOut(await mustRoll())
  assert.equal((await findRelease(platform.deps.db, app.id, 1))?.stack, NEW)
  assert.deepEqual(await entry(), { builtOn: 'other', state: 'newest' })
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, afterEach, before, test } from 'node:test'
import { sql } from 'kysely'
import { MaruError } from '#contract/errors.ts'
import type { Operation } from '#contract/operations.ts'
import { cancelOperation, getOperation } from '#platform/operations/index.ts'
import { findAppById } from './app-store.ts'
import { listInstances } from './instance-store.ts'
import { planDestroy, planRestart } from './plan.ts'
import { findRelease } from './release-store.ts'
import { listSources } from './source-store.ts'
import { mustStart } from './start-operation.ts'
import type { AppRow } from './tables.ts'
import { deployedOn, makeTestPlatform, type TestPlatform } from './test-platform.ts'

let platform: TestPlatform
let build: TestPlatform['host']['build']

before(async () => {
  platform = await makeTestPlatform()
  build = platform.host.build
})
after(async () => {
  await platform.close()
})
afterEach(() => {
  platform.host.judge = () => ({})
  platform.host.build = build
})

const cancel = (operation: Operation, by = 'ada') => cancelOperation(platform.deps.db, operation.id, by)
const tooLate = (reason: RegExp) => (error: unknown) =>
  error instanceof MaruError && error.code === 'operations.too_late' && reason.test(error.message)

const deployed = () => deployedOn(platform)

/** The first release serves, the second one failed, and nothing of it is left. */
async function onlyFirstServes({ id }: AppRow): Promise<void> {
  const { db } = platform.deps
  assert.equal((await findAppById(db, id))?.release, 1)
  assert.equal((await findRelease(db, id, 2))?.state, 'failed')
  assert.deepEqual(
    (await listInstances(db, [id])).map(
      (one) => `${one.process}.${one.index} v${one.release} ${one.traffic}`,
    ),
    ['web.1 v1 serve', 'web.2 v1 serve'],
  )
  assert.deepEqual(await listSources(db, id), [])
}

test('a build that is cancelled is stopped at the host, and says who did it', async () => {
  const app = await deployed()
  let stopped = false
  const begun = Promise.withResolvers<void>()
  platform.host.build = async function* (_, signal) {
    yield { type: 'log', line: 'installing' }
    begun.resolve()
    await once(signal as AbortSignal, 'abort')
    stopped = true
    throw (signal as AbortSignal).reason
  }
  const operation = await platform.deploy(app)
  assert.equal(operation.cancellable, true)
  const running = platform.run(operation)
  await begun.promise
  const asked = await cancel(operation)
  assert.deepEqual([asked.state, asked.cancelledBy, asked.cancellable], ['running', 'ada', false])
  const ended = await running
  assert.equal(stopped, true)
  assert.equal(ended.state, 'failed')
  assert.deepEqual(
    [ended.error?.code, ended.error?.message],
    ['operations.cancelled', 'ada has cancelled it.'],
  )
  await onlyFirstServes(app)
})

test('instances that do not become healthy are taken away when their deploy is cancelled', async () => {
  const app = await deployed()
  const begun = Promise.withResolvers<void>()
  platform.host.judge = ({ release }) => {
    if (release === 2) begun.resolve()
    return release === 2 ? { state: 'starting' } : {}
  }
  const operation = await platform.deploy(app)
  const running = platform.run(operation)
  await begun.promise
  await cancel(operation)
  assert.equal((await running).error?.code, 'operations.cancelled')
  await onlyFirstServes(app)
})

test('what waits for its turn does not begin, and a second word changes nothing', async () => {
  const app = await deployed()
  platform.host.build = async function* () {
    yield* []
    assert.fail('it was built')
  }
  const operation = await platform.deploy(app)
  await cancel(operation)
  assert.equal((await cancel(operation, 'bob')).cancelledBy, 'ada')
  assert.equal((await platform.run(operation)).error?.code, 'operations.cancelled')
  await onlyFirstServes(app)
})

test('what ended, what serves already and a destruction are not cancelled', async () => {
  const app = await deployed()
  const request = { appId: app.id, appName: app.name, createdBy: 'test' }
  const restart = await mustStart(platform.deps, { ...request, plan: planRestart })
  await sql`update operations_operation set step_index = final_step, step_begun_at = now() where id = ${restart.id}`.execute(
    platform.deps.db,
  )
  await assert.rejects(cancel(restart), tooLate(/what it brings serves already/))
  await sql`update operations_operation set step_index = 0, step_begun_at = null where id = ${restart.id}`.execute(
    platform.deps.db,
  )
  assert.equal((await platform.run(restart)).state, 'done')
  await assert.rejects(cancel(restart), tooLate(/it has ended/))
  const destroy = await mustStart(platform.deps, { ...request, plan: planDestroy })
  assert.equal(destroy.cancellable, false)
  await assert.rejects(cancel(destroy), tooLate(/cannot be taken back/))
  await platform.run(destroy)
  assert.equal((await getOperation(platform.deps.db, destroy.id)).state, 'done')
})

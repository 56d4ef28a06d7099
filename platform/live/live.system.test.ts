import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Principal } from '#contract/access.ts'
import { MaruError } from '#contract/errors.ts'
import type { AppId, AppName } from '#contract/ids.ts'
import { type LiveEvent, liveRoutes } from '#contract/live.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import { resumingEvents } from '#runtime/kit/resuming-events.ts'
import { ANONYMOUS } from '#runtime/server/authorize.ts'
import { notify } from '#runtime/server/notify.ts'
import type { Loop } from '#runtime/server/start.ts'
import { makeTestServer, WHO } from '#runtime/server/test-server.ts'
import { insertApp } from '../apps/app-store.ts'
import { makeTestPlatform, type TestPlatform } from '../apps/test-platform.ts'
import { makeLive } from './index.ts'

const TRUST = 'trust'
const member = (id: string, teamId: string, operator = false): Principal => ({
  kind: 'user',
  id,
  name: id,
  operator,
  teams: [{ teamId, role: 'viewer' }],
})

let platform: TestPlatform
let server: ReturnType<typeof makeTestServer>
let loop: Loop
let stopping: AbortController
const signedIn: Record<string, Principal> = {}

async function start(port = 0): Promise<void> {
  const live = makeLive([{ channel: TRUST, kind: 'trust' }])
  stopping = new AbortController()
  const options = { deps: platform.deps, stopping: stopping.signal }
  server = makeTestServer({ live: liveRoutes }, { live: live.handlers }, options, async (request) => {
    return signedIn[String(request.headers[WHO])] ?? ANONYMOUS
  })
  loop = live.loop(platform.deps)
  await server.listen({ host: '127.0.0.1', port })
}

async function stop(): Promise<void> {
  stopping.abort(new Error('the control plane is stopping'))
  await loop.stop()
  await server.close()
}

before(async () => {
  platform = await makeTestPlatform()
  await hubListens()
  await start()
})
after(async () => {
  await stop()
  await platform.close()
})

/** Until then it has nothing to say but "something may have changed", which is a greeting and no name. */
async function hubListens(): Promise<void> {
  const { db, hub } = platform.deps
  const bell = hub.bell('test')
  for (let heard = false; !heard; heard = await bell.wait(50)) await notify(db, 'test')
  bell.close()
}

const portOf = () => (server.server.address() as AddressInfo).port

interface Listener {
  readonly heard: LiveEvent[]
  /** Names of the apps in what was heard. */
  apps(): Set<string>
  changes(): number
  readonly over: Promise<unknown>
  leave(): void
}

/** Listens as the console does: after a loss it connects again. */
function listenAs(who: string, port = portOf()): Listener {
  signedIn[who] ??= assert.fail(`${who} is nobody`)
  const leaving = new AbortController()
  const connect = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        port,
        path: '/v1/live',
        headers: { [WHO]: who },
        agent: false,
        signal: leaving.signal,
      }
      get(options, resolve).on('error', (cause) =>
        reject(new MaruError('unreachable', { what: 'the test server' }, { cause })),
      )
    })
  const heard: LiveEvent[] = []
  const options = {
    isLast: () => false,
    forMs: 30_000,
    what: 'x',
    onLost: () => undefined,
    signal: leaving.signal,
  }
  const follow = async () => {
    for await (const event of resumingEvents(connect, options)) heard.push(event as LiveEvent)
  }
  const topics = () => heard.flatMap((event) => (event.type === 'changed' ? event.topics : []))
  return {
    heard,
    apps: () => new Set(topics().flatMap((topic) => (topic.kind === 'app' ? [topic.app] : []))),
    changes: () => heard.filter(({ type }) => type === 'changed').length,
    over: follow().catch((error: unknown) => error),
    leave: () => leaving.abort(),
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 60_000
  while (!holds()) {
    if (Date.now() > giveUpAt) assert.fail(what)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const hellos = ({ heard }: Listener) => heard.filter(({ type }) => type === 'hello').length
const kinds = ({ heard }: Listener) =>
  new Set(heard.flatMap((event) => (event.type === 'changed' ? event.topics.map(({ kind }) => kind) : [])))

test('two pages of one team stay in step with a deploy; another team hears nothing of it', async () => {
  signedIn.ada = member('ada', 'team_one')
  signedIn.eve = member('eve', 'team_other')
  const [first, second, stranger] = [listenAs('ada'), listenAs('ada'), listenAs('eve')]
  await until('all are greeted', () => [first, second, stranger].every((one) => hellos(one) > 0))
  const [greeting] = first.heard
  assert.ok(greeting?.type === 'hello' && Math.abs(Date.parse(greeting.at) - Date.now()) < 10_000)

  const app = await platform.makeApp()
  await until('both hear of the new app', () => first.apps().has(app.name) && second.apps().has(app.name))
  const before = Math.max(first.changes(), second.changes())
  const done = await platform.run(await platform.deploy(app))
  assert.equal(done.state, 'done')
  await until('both hear of the deploy', () => first.changes() > before && second.changes() > before)
  assert.deepEqual(kinds(first), new Set(['apps', 'app']))

  const foreign = await insertApp(platform.deps.db, {
    id: randomId<AppId>('app'),
    name: 'foreign-app' as AppName,
    teamId: 'team_other',
  })
  await until('its own team hears of it', () => stranger.apps().has(foreign.name))
  assert.deepEqual(stranger.apps(), new Set([foreign.name]))
  assert.ok(!first.apps().has(foreign.name) && !second.apps().has(foreign.name))
  for (const one of [first, second, stranger]) one.leave()
})

test('an instance that falls ill on the host is announced without any request', async () => {
  signedIn.bo = member('bo', 'team_one')
  const app = await platform.makeApp()
  await platform.run(await platform.deploy(app))
  const page = listenAs('bo')
  await until('greeted', () => hellos(page) > 0)
  await until('it beats, so nothing was left to say', () => page.heard.at(-1)?.type === 'beat')
  platform.host.judge = () => ({ state: 'unhealthy' })
  await until('the app is named', () => page.apps().has(app.name))
  platform.host.judge = () => ({})
  page.leave()
})

test('many changes at the same moment are few events', async () => {
  signedIn.cy = member('cy', 'team_one')
  const page = listenAs('cy')
  await until('greeted', () => hellos(page) > 0)
  const since = performance.now()
  for (let count = 0; count < 60; count += 1) await platform.makeApp()
  await until('all are named', () => page.apps().size >= 60)
  const seconds = (performance.now() - since) / 1000
  assert.ok(page.changes() <= 2 * seconds + 2, `${page.changes()} events in ${seconds.toFixed(1)} s`)
  page.leave()
})

test('a quiet stream beats; who changes what it is allowed to see is looked at with each beat', async () => {
  signedIn.di = member('di', 'team_quiet')
  const page = listenAs('di')
  await until('it beats', () => page.heard.some(({ type }) => type === 'beat'))
  delete signedIn.di
  const error = await page.over
  assert.ok(error instanceof MaruError && error.code === 'unauthenticated', String(error))
})

test('operators hear of the platform, others do not; everyone hears of the promises', async () => {
  signedIn.op = member('op', 'team_quiet', true)
  signedIn.ed = member('ed', 'team_quiet')
  const [operator, other] = [listenAs('op'), listenAs('ed')]
  await until('greeted', () => hellos(operator) > 0 && hellos(other) > 0)
  platform.host.problem = 'the disk is slow'
  const ofHosts = ['platform', 'hosts'] as const
  await until('the operator hears of the platform', () => ofHosts.every((kind) => kinds(operator).has(kind)))
  await notify(platform.deps.db, TRUST)
  await until('both hear of trust', () => kinds(operator).has('trust') && kinds(other).has('trust'))
  assert.ok(ofHosts.every((kind) => !kinds(other).has(kind)))
  for (const one of [operator, other]) one.leave()
})

test('after a restart of the control plane the page is greeted again, with the same address', async () => {
  signedIn.fay = member('fay', 'team_one')
  const port = portOf()
  const page = listenAs('fay', port)
  await until('greeted', () => hellos(page) === 1)
  await stop()
  await start(port)
  await until('greeted again', () => hellos(page) === 2)
  const app = await platform.makeApp()
  await until('and hears what changes', () => page.apps().has(app.name))
  page.leave()
})

test('nobody listens without being signed in', async () => {
  const answer = await server.inject({ method: 'GET', url: '/v1/live' })
  assert.deepEqual([answer.statusCode, answer.json().error.code], [401, 'unauthenticated'])
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { BuildEvent, BuildRequest } from '#contract/agent.ts'
import type { Operation, OperationEvent } from '#contract/operations.ts'
import { run } from '#runtime/drivers/process.ts'
import { pause } from '#runtime/kit/pause.ts'
import { makeTestServers, type TestServer, type TestServers } from './test-servers.ts'

/** Five seconds of silence, a look a second, and what a busy machine needs besides. */
const TAKE_OVER_MS = 10_000
const HAND_OVER_MS = 4_000

let servers: TestServers
let builds: Build[]
let reporting: { now: number; most: number }

/** A build that ends when the test says so. */
interface Build {
  readonly request: BuildRequest
  finish(): void
}

beforeEach(async () => {
  servers = await makeTestServers()
  builds = []
  servers.host.build = slowBuild
  watchReports()
})
afterEach(async () => {
  await servers.close()
})

async function* slowBuild(request: BuildRequest, signal: AbortSignal): AsyncGenerator<BuildEvent> {
  const finished = Promise.withResolvers<void>()
  const number = builds.push({ request, finish: finished.resolve })
  signal.addEventListener('abort', () => finished.reject(new Error('the caller left')))
  yield { type: 'log', line: `build ${number}` }
  await finished.promise
  const image = `image-${number}`
  yield { type: 'done', result: { image, stack: 'node26', slug: null, defaultWeb: true } }
}

/** Counts how many follow the host's reports at a moment: that is what a loop of the installation does. */
function watchReports(): void {
  const { host } = servers
  const report = host.report
  reporting = { now: 0, most: 0 }
  host.report = async (after, waitMs, signal) => {
    // A look without waiting is somebody's question, not a loop's.
    if (waitMs === 0) return await report(after, waitMs, signal)
    reporting.now += 1
    reporting.most = Math.max(reporting.most, reporting.now)
    try {
      return await report(after, waitMs, signal)
    } finally {
      reporting.now -= 1
    }
  }
}

async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  ms = 15_000,
): Promise<T> {
  const giveUpMs = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > giveUpMs) assert.fail(`waited ${ms} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

const has = (server: TestServer, event: string) =>
  server.lines.some((line) => line.event === event) || undefined
const count = (server: TestServer, event: string) =>
  server.lines.filter((line) => line.event === event).length

const answers = async (server: TestServer) =>
  (await server.ask('GET', '/v1/apps')).status === 200 || undefined

async function sourceOf(procfile: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-source-'))
  const manifest = { name: 'app', version: '1.0.0', private: true }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  const lock = { ...manifest, lockfileVersion: 3, requires: true, packages: { '': manifest } }
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock))
  await writeFile(join(folder, 'Procfile'), procfile)
  const { stdout } = await run(['sh', '-c', `tar -cz -C ${folder} . | base64 -w0`])
  await rm(folder, { recursive: true })
  return Buffer.from(stdout, 'base64')
}

/** Begins a deploy over one server; resolves when its build is under way. */
async function beginDeploy(server: TestServer): Promise<Operation> {
  const app = `shop-${randomBytes(3).toString('hex')}`
  const had = builds.length
  const made = await server.ask('POST', '/v1/apps', { name: app })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const uploaded = await server.ask(
    'POST',
    `/v1/apps/${app}/sources`,
    await sourceOf('web: node server.js\nrelease: node migrate.js\n'),
  )
  assert.equal(uploaded.status, 201, JSON.stringify(uploaded.body))
  const { source } = uploaded.body as { source: string }
  const begun = await server.ask('POST', `/v1/apps/${app}/deploys`, { source })
  assert.equal(begun.status, 202, JSON.stringify(begun.body))
  await until('the build', () => builds.length > had || undefined)
  return begun.body as Operation
}

async function find(server: TestServer, { id }: Operation): Promise<Operation> {
  return (await server.ask('GET', `/v1/operations/${id}`)).body as Operation
}

/** When the operation has ended: how, after how long, and the steps that it announced. */
async function end(server: TestServer, operation: Operation, ms: number) {
  const begunMs = performance.now()
  const ended = await until(
    'the operation to end',
    async () => {
      const now = await find(server, operation)
      return ['done', 'failed'].includes(now.state) ? now : undefined
    },
    ms,
  )
  const { rows } = await sql<{ event: OperationEvent }>`
    select event from operations_event where operation_id = ${operation.id} order by number`.execute(
    servers.database.db,
  )
  const steps = rows.flatMap(({ event }) => (event.type === 'step' ? [event.step] : []))
  const image = await sql<{ image: string }>`
    select image from apps_release where version = ${operation.release}`.execute(servers.database.db)
  return { ...ended, steps, image: image.rows[0]?.image, tookMs: performance.now() - begunMs }
}

/** Which of them runs the job, and the other one. */
async function carrier(...both: readonly [TestServer, TestServer]): Promise<[TestServer, TestServer]> {
  const { rows } = await sql<{ id: string }>`
    select server_process.id from server_process
    join graphile_worker.jobs on locked_by = any (lock_ids)
    where task_identifier = 'apps.operation'`.execute(servers.database.db)
  const [one, other] = both
  return rows[0]?.id === one.id ? [one, other] : [other, one]
}

const STEPS = [
  'build',
  'database.ensure',
  'release-phase',
  'instances.start',
  'instances.healthy',
  'traffic.switch',
  'commit',
]

test('both answer, one leads; what one is asked for, anyone may do and both can tell', async () => {
  const [one, other] = [await servers.start('one'), await servers.start('other')]
  const operation = await beginDeploy(other)
  builds[0]?.finish()
  const ended = await end(one, operation, 15_000)
  assert.equal(ended.state, 'done', JSON.stringify(ended.error))
  assert.deepEqual(ended.steps, STEPS)
  assert.deepEqual((await find(other, operation)).state, 'done')
  assert.equal(reporting.most, 1)
  assert.deepEqual([count(one, 'leading.begun'), count(other, 'leading.begun')], [1, 0])
})

test('the one that carries an operation out is killed: the other finishes it, no step is run twice', async (t) => {
  const both = [await servers.start('one'), await servers.start('other')] as const
  const operation = await beginDeploy(both[0])
  const [dying, other] = await carrier(...both)
  dying.child.kill('SIGKILL')
  // The API goes on without a pause.
  assert.equal((await find(other, operation)).state, 'running')
  const begunMs = performance.now()
  await until('the second build', () => builds[1], TAKE_OVER_MS)
  t.diagnostic(`taken over after ${Math.round(performance.now() - begunMs)} ms`)
  builds[1]?.finish()
  const ended = await end(other, operation, 15_000)
  assert.equal(ended.state, 'done', JSON.stringify(ended.error))
  assert.deepEqual(ended.steps, STEPS)
  assert.equal(servers.host.commands.length, 1)
  assert.ok(has(other, 'leading.begun'))
  assert.equal(reporting.most, 1)
})

test('a release command whose control plane is killed is not run a second time', async () => {
  const both = [await servers.start('one'), await servers.start('other')] as const
  const operation = await beginDeploy(both[0])
  const [dying, other] = await carrier(...both)
  const command = servers.host.run
  servers.host.run = async (request) => {
    dying.child.kill('SIGKILL')
    return await command(request)
  }
  builds[0]?.finish()
  const ended = await end(other, operation, TAKE_OVER_MS + 5_000)
  assert.deepEqual([ended.state, ended.error?.code], ['failed', 'apps.interrupted'])
  assert.equal(servers.host.commands.length, 1)
})

test('the leader is frozen for 20 s and goes on: another has led meanwhile, and nothing is done twice', async (t) => {
  const [frozen, other] = [await servers.start('one'), await servers.start('other')]
  // Until the one that is to be frozen carries it out.
  let operation = await beginDeploy(frozen)
  while ((await carrier(frozen, other))[0] !== frozen) {
    builds.at(-1)?.finish()
    await end(other, operation, 15_000)
    operation = await beginDeploy(frozen)
  }
  const before = builds.length
  const commands = servers.host.commands.length
  frozen.child.kill('SIGSTOP')
  const begunMs = performance.now()
  await until('the other to lead', () => has(other, 'leading.begun'), TAKE_OVER_MS)
  t.diagnostic(`leads after ${Math.round(performance.now() - begunMs)} ms`)
  await until('the build anew', () => builds[before], TAKE_OVER_MS)
  await pause(Math.max(0, 20_000 - (performance.now() - begunMs)))
  // What it waited for has come while it was frozen.
  builds[before - 1]?.finish()
  frozen.child.kill('SIGCONT')
  assert.equal(await frozen.ended, 1)
  assert.ok(has(frozen, 'server.replaced'))
  builds[before]?.finish()
  const ended = await end(other, operation, 15_000)
  assert.equal(ended.state, 'done', JSON.stringify(ended.error))
  assert.deepEqual(ended.steps, STEPS)
  assert.equal(ended.image, `image-${before + 1}`)
  assert.equal(servers.host.commands.length, commands + 1)
})

test('a clean stop hands over at once', async (t) => {
  const both = [await servers.start('one'), await servers.start('other')] as const
  const operation = await beginDeploy(both[0])
  const [leader, other] = both
  leader.child.kill('SIGTERM')
  const begunMs = performance.now()
  await until('the other to lead', () => has(other, 'leading.begun'), HAND_OVER_MS)
  t.diagnostic(`leads after ${Math.round(performance.now() - begunMs)} ms`)
  assert.equal(await leader.ended, 0)
  const build = await until(
    'a build of the one that is left',
    async () => {
      const [carries] = await carrier(...both)
      return carries === other ? builds.at(-1) : undefined
    },
    HAND_OVER_MS,
  )
  build.finish()
  assert.equal((await end(other, operation, 15_000)).state, 'done')
  assert.equal(reporting.most, 1)
})

test('one that starts anew at its place goes on at once with what the one before left', async (t) => {
  const first = await servers.start('one')
  const operation = await beginDeploy(first)
  first.child.kill('SIGKILL')
  await first.ended
  const begunMs = performance.now()
  const second = await servers.start('one', first)
  await until('the second build', () => builds[1], HAND_OVER_MS)
  t.diagnostic(`goes on ${Math.round(performance.now() - begunMs)} ms after its start`)
  builds[1]?.finish()
  assert.equal((await end(second, operation, 15_000)).state, 'done')
})

test('the database goes away and comes back: no process ends, one leads, the operation is finished', async () => {
  const both = [await servers.start('one'), await servers.start('other')] as const
  const operation = await beginDeploy(both[0])
  for (const awayMs of [500, 8_000]) {
    await Promise.all(both.map(({ way }) => way.cut()))
    await pause(awayMs)
    await Promise.all(both.map(({ way }) => way.heal()))
    for (const server of both) await until('an answer', () => answers(server))
  }
  for (const build of builds) build.finish()
  const ended = await end(both[0], operation, 30_000)
  assert.equal(ended.state, 'done', JSON.stringify(ended.error))
  assert.deepEqual(ended.steps, STEPS)
  assert.deepEqual([builds.length, servers.host.commands.length], [1, 1])
  for (const { child, lines } of both) {
    assert.equal(child.exitCode, null)
    assert.ok(lines.every(({ event }) => event !== 'server.crashed' && event !== 'server.replaced'))
  }
  assert.equal(reporting.most, 1)
})

test('the leader alone is cut off from the database: it stops leading before another begins', async () => {
  const [leader, other] = [await servers.start('one'), await servers.start('other')]
  await leader.way.cut()
  await until('the other to lead', () => has(other, 'leading.begun'), TAKE_OVER_MS)
  const stopped = leader.lines.find(({ event }) => event === 'leading.ends')
  const begun = other.lines.find(({ event }) => event === 'leading.begun')
  assert.ok(stopped !== undefined && begun !== undefined)
  assert.ok(String(stopped.at) < String(begun.at), `${stopped.at} is not before ${begun.at}`)
  assert.equal(reporting.most, 1)
  await leader.way.heal()
  // It has been replaced, and ends as soon as it hears of it.
  assert.equal(await leader.ended, 1)
  assert.equal(await answers(other), true)
})

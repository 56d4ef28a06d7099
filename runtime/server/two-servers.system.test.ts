import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { pause } from '#runtime/kit/pause.ts'
import { find, makeTestDeploys, type TestDeploys, until } from './test-deploys.ts'
import { makeTestServers, type TestServer, type TestServers } from './test-servers.ts'

/** Five seconds of silence, a look a second, and what a busy machine needs besides. */
const TAKE_OVER_MS = 10_000
const HAND_OVER_MS = 4_000

let servers: TestServers
let deploys: TestDeploys

beforeEach(async () => {
  servers = await makeTestServers()
  deploys = makeTestDeploys(servers)
})
afterEach(async () => {
  await servers.close()
})

const has = (server: TestServer, event: string) =>
  server.lines.some((line) => line.event === event) || undefined
const count = (server: TestServer, event: string) =>
  server.lines.filter((line) => line.event === event).length
const answers = async (server: TestServer) =>
  (await server.ask('GET', '/v1/apps')).status === 200 || undefined

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
  const operation = await deploys.begin(other)
  deploys.builds[0]?.finish()
  const ended = await deploys.end(one, operation, 15_000)
  assert.equal(ended.state, 'done', JSON.stringify(ended.error))
  assert.deepEqual(ended.steps, STEPS)
  assert.deepEqual((await find(other, operation)).state, 'done')
  assert.equal(deploys.mostFollowers(), 1)
  assert.deepEqual([count(one, 'leading.begun'), count(other, 'leading.begun')], [1, 0])
})

test('the one that carries an operation out is killed: the other finishes it, no step is run twice', async (t) => {
  const both = [await servers.start('one'), await servers.start('other')] as const
  const operation = await deploys.begin(both[0])
  const [dying, other] = await deploys.carrier(...both)
  dying.child.kill('SIGKILL')
  // The API goes on without a pause.
  assert.equal((await find(other, operation)).state, 'running')
  const begunMs = performance.now()
  await until('the second build', () => deploys.builds[1], TAKE_OVER_MS)
  t.diagnostic(`taken over after ${Math.round(performance.now() - begunMs)} ms`)
  deploys.builds[1]?.finish()
  const ended = await deploys.end(other, operation, 15_000)
  assert.equal(ended.state, 'done', JSON.stringify(ended.error))
  assert.deepEqual(ended.steps, STEPS)
  assert.equal(servers.host.commands.length, 1)
  assert.ok(has(other, 'leading.begun'))
  assert.equal(deploys.mostFollowers(), 1)
})

test('a release command whose control plane is killed is not run a second time', async () => {
  const both = [await servers.start('one'), await servers.start('other')] as const
  const operation = await deploys.begin(both[0])
  const [dying, other] = await deploys.carrier(...both)
  const command = servers.host.run
  servers.host.run = async (request) => {
    dying.child.kill('SIGKILL')
    return await command(request)
  }
  deploys.builds[0]?.finish()
  const ended = await deploys.end(other, operation, TAKE_OVER_MS + 5_000)
  assert.deepEqual([ended.state, ended.error?.code], ['failed', 'apps.interrupted'])
  assert.equal(servers.host.commands.length, 1)
})

test('the leader is frozen for 20 s and goes on: another has led meanwhile, and nothing is done twice', async (t) => {
  const [frozen, other] = [await servers.start('one'), await servers.start('other')]
  // Until the one that is to be frozen carries it out.
  let operation = await deploys.begin(frozen)
  while ((await deploys.carrier(frozen, other))[0] !== frozen) {
    deploys.builds.at(-1)?.finish()
    await deploys.end(other, operation, 15_000)
    operation = await deploys.begin(frozen)
  }
  const before = deploys.builds.length
  const commands = servers.host.commands.length
  frozen.child.kill('SIGSTOP')
  const begunMs = performance.now()
  await until('the other to lead', () => has(other, 'leading.begun'), TAKE_OVER_MS)
  t.diagnostic(`leads after ${Math.round(performance.now() - begunMs)} ms`)
  await until('the build anew', () => deploys.builds[before], TAKE_OVER_MS)
  await pause(Math.max(0, 20_000 - (performance.now() - begunMs)))
  // What it waited for has come while it was frozen.
  deploys.builds[before - 1]?.finish()
  frozen.child.kill('SIGCONT')
  assert.equal(await frozen.ended, 1)
  assert.ok(has(frozen, 'server.replaced'))
  deploys.builds[before]?.finish()
  const ended = await deploys.end(other, operation, 15_000)
  assert.equal(ended.state, 'done', JSON.stringify(ended.error))
  assert.deepEqual(ended.steps, STEPS)
  assert.equal(ended.image, `image-${before + 1}`)
  assert.equal(servers.host.commands.length, commands + 1)
})

test('a clean stop hands over at once', async (t) => {
  const both = [await servers.start('one'), await servers.start('other')] as const
  const operation = await deploys.begin(both[0])
  const [leader, other] = both
  // The leader's build ends with it; the other one's own goes on.
  const own = (await deploys.carrier(...both))[0] === leader ? 1 : 0
  leader.child.kill('SIGTERM')
  const begunMs = performance.now()
  await until('the other to lead', () => has(other, 'leading.begun'), HAND_OVER_MS)
  t.diagnostic(`leads after ${Math.round(performance.now() - begunMs)} ms`)
  assert.equal(await leader.ended, 0)
  const build = await until('a build of the one that is left', () => deploys.builds[own], HAND_OVER_MS)
  build.finish()
  const ended = await deploys.end(other, operation, 15_000)
  assert.equal(ended.state, 'done', JSON.stringify(ended.error))
  assert.deepEqual(ended.steps, STEPS)
  assert.equal(deploys.mostFollowers(), 1)
})

test('one that starts anew at its place goes on at once with what the one before left', async (t) => {
  const first = await servers.start('one')
  const operation = await deploys.begin(first)
  first.child.kill('SIGKILL')
  await first.ended
  const begunMs = performance.now()
  const second = await servers.start('one', first)
  await until('the second build', () => deploys.builds[1], HAND_OVER_MS)
  t.diagnostic(`goes on ${Math.round(performance.now() - begunMs)} ms after its start`)
  deploys.builds[1]?.finish()
  assert.equal((await deploys.end(second, operation, 15_000)).state, 'done')
})

test('the database goes away and comes back: no process ends, one leads, the operation is finished', async () => {
  const both = [await servers.start('one'), await servers.start('other')] as const
  const operation = await deploys.begin(both[0])
  for (const awayMs of [500, 8_000]) {
    await Promise.all(both.map(({ way }) => way.cut()))
    await pause(awayMs)
    await Promise.all(both.map(({ way }) => way.heal()))
    for (const server of both) await until('an answer', () => answers(server))
  }
  for (const build of deploys.builds) build.finish()
  const ended = await deploys.end(both[0], operation, 30_000)
  assert.equal(ended.state, 'done', JSON.stringify(ended.error))
  assert.deepEqual(ended.steps, STEPS)
  assert.deepEqual([deploys.builds.length, servers.host.commands.length], [1, 1])
  for (const { child, lines } of both) {
    assert.equal(child.exitCode, null)
    assert.ok(lines.every(({ event }) => event !== 'server.crashed' && event !== 'server.replaced'))
  }
  assert.equal(deploys.mostFollowers(), 1)
})

test('the leader alone is cut off from the database: it stops leading before another begins', async () => {
  const [leader, other] = [await servers.start('one'), await servers.start('other')]
  await leader.way.cut()
  await until('the other to lead', () => has(other, 'leading.begun'), TAKE_OVER_MS)
  const stopped = leader.lines.find(({ event }) => event === 'leading.ends')
  const begun = other.lines.find(({ event }) => event === 'leading.begun')
  assert.ok(stopped !== undefined && begun !== undefined)
  assert.ok(String(stopped.at) < String(begun.at), `${stopped.at} is not before ${begun.at}`)
  assert.equal(deploys.mostFollowers(), 1)
  await leader.way.heal()
  // It has been replaced, and ends as soon as it hears of it.
  assert.equal(await leader.ended, 1)
  assert.equal(await answers(other), true)
})

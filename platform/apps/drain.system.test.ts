import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostRoutes } from '#contract/hosts.ts'
import type { HostName } from '#contract/ids.ts'
import { wantedGeneration } from '#platform/workload/index.ts'
import { until } from '#runtime/agent/test-host.ts'
import { drain, undrain } from '../fleet/commands-drain.ts'
import { list, remove } from '../fleet/commands-hosts.ts'
import { CALM, lookOnce } from './keep-places.ts'
import { FIRST, makeTestCluster, type TestCluster } from './test-cluster.ts'

const named = (host: string) => ({ params: { host: host as HostName } })
const askDrain = ({ api }: TestCluster, host: string) => api.call(hostRoutes.drain, named(host))
const askRemoval = ({ api }: TestCluster, host: string, query: { lost?: string; last?: string } = {}) =>
  api.call(hostRoutes.remove, { ...named(host), query: { lost: 'false', last: 'false', ...query } })
/** Everything that a refusal must leave as it was. */
const everything = async ({ api, platform }: TestCluster) => {
  const { hosts } = await api.call(hostRoutes.list, {})
  const figures = hosts.map(({ name, draining, instances }) => ({ name, draining, instances }))
  return { figures, generation: await wantedGeneration(platform.deps.db) }
}
const refused = async (cluster: TestCluster, work: () => Promise<unknown>, code: string, message = /./) => {
  const before = await everything(cluster)
  await assert.rejects(work, { code, message })
  assert.deepEqual(await everything(cluster), before)
}

test('a drain moves everything, and nothing is on the host at the end', async (t) => {
  const cluster = await makeTestCluster(t, { near: 'dc1', far: 'dc2' })
  const apps = [
    await cluster.deployed(),
    await cluster.deployed({ web: 'node server.js', worker: 'node worker.js' }),
    await cluster.deployed(),
  ]
  const there = (await cluster.list()).get('far')?.instances ?? 0
  assert.ok(there >= 3, `${there} instances on far`)
  cluster.keepPlaces()
  const { context, printed } = cluster.command()
  await drain(context, 'far', { home: cluster.home })
  assert.equal(printed.stdout, 'far is empty. It gets no instances until `maru host undrain far`.\n')
  assert.match(printed.stderr, new RegExp(`Emptying far: ${there} instances left`))
  assert.match(printed.stderr, /every app is in one data centre/)
  const far = (await cluster.list()).get('far')
  assert.deepEqual([far?.state, far?.instances, far?.memory.promisedMb], ['draining', 0, 0])
  const left = cluster
    .host('far')
    .workloads.at(-1)
    ?.apps.flatMap(({ instances }) => instances)
  assert.deepEqual(left, [])
  for (const app of apps) assert.ok((await cluster.placesOf(app)).every((place) => !place.endsWith('far')))
  // Again: it is so already. And what is new goes elsewhere.
  assert.equal((await askDrain(cluster, 'far')).draining, true)
  const later = await cluster.deployed()
  assert.ok((await cluster.placesOf(later)).every((place) => !place.endsWith('far')))
})

test('a drain is refused with the reason, and then nothing has changed', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2' })
  await cluster.platform.join('voice', { role: 'witness', address: '127.0.0.9' })
  const app = await cluster.deployed()
  await refused(cluster, () => askDrain(cluster, 'nobody'), 'hosts.not_found')
  await refused(cluster, () => askDrain(cluster, 'voice'), 'hosts.is_witness')
  // Room for what is there, and half a gigabyte less than for both.
  cluster.platform.host.memoryMb = 1024 + 512
  await cluster.hear(cluster.platform.host)
  const noRoom = new RegExp(`no room for 1 instance of ${app.name}; 512 MB of memory are missing`)
  await refused(cluster, () => askDrain(cluster, 'far'), 'hosts.no_room', noRoom)
  cluster.platform.host.memoryMb = 16_384
  await cluster.hear(cluster.platform.host)
  assert.equal((await askDrain(cluster, 'far')).draining, true)
  await refused(cluster, () => askDrain(cluster, FIRST), 'hosts.only_one')
})

test('two hosts that are drained at once do not count on each other', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2' })
  await cluster.deployed()
  const answers = await Promise.allSettled([askDrain(cluster, 'far'), askDrain(cluster, FIRST)])
  assert.deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

test('an undrained host gets its share back slowly', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2' })
  const pairs = CALM.aMinute + 1
  for (let count = 0; count < pairs; count += 1) await cluster.deployed()
  cluster.keepPlaces()
  await drain(cluster.command().context, 'far', { home: cluster.home })
  const { context, printed } = cluster.command()
  await undrain(context, 'far', { home: cluster.home })
  assert.match(printed.stdout, /^far takes instances again/)
  const coursesOn = async () => (await cluster.map()).get('far')?.running.map(({ course }) => course) ?? []
  let most = 0
  await until('as many are there as may move in a minute', async () => {
    const courses = await coursesOn()
    most = Math.max(most, courses.filter((course) => course === 'arriving').length)
    return courses.filter((course) => course === 'stays').length === CALM.aMinute
  })
  assert.ok(most > 0 && most <= CALM.atOnce, `${most} at once`)
  // One pair is still in one data centre, and has to wait for the next minute.
  for (let look = 0; look < 3; look += 1) await lookOnce(cluster.platform.deps)
  assert.equal((await coursesOn()).length, CALM.aMinute)
})

test('a silent host is drained when it is lost, and gets nothing when it comes back', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2' })
  const app = await cluster.deployed()
  const far = cluster.host('far')
  await cluster.silence(far, 20)
  const begun = await askDrain(cluster, 'far')
  assert.deepEqual([begun.state, begun.draining, begun.instances], ['silent', true, 1])
  const { context, printed } = cluster.command()
  const waiting = drain(context, 'far', { home: cluster.home })
  await until('it is replaced', async () => {
    await cluster.silence(far, 40)
    await lookOnce(cluster.platform.deps)
    return (await cluster.placesOf(app)).every((place) => place.endsWith(FIRST))
  })
  await waiting
  assert.match(printed.stdout, /^far is silent: what ran there was started elsewhere/)
  // It may still run what it ran: only whoever knows that it is gone can say so.
  await refused(cluster, () => askRemoval(cluster, 'far', { last: 'true' }), 'hosts.still_runs')
  far.silent = false
  await until('it is heard', async () => (await cluster.list()).get('far')?.state === 'draining')
  await lookOnce(cluster.platform.deps)
  await until('it ends what it ran', async () => {
    await cluster.hear(far)
    return (await cluster.list()).get('far')?.instances === 0
  })
  await askRemoval(cluster, 'far', { last: 'true' })
})

test('a command stays with a drain as long as it was told; the drain goes on, and says so', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2' })
  await cluster.deployed()
  cluster.keepPlaces()
  const far = cluster.host('far')
  far.judge = (one) => (one.traffic === 'drain' ? { openRequests: 3 } : {})
  const asked = { home: cluster.home, waitMinutes: '0.01' }
  await assert.rejects(drain(cluster.command().context, 'far', asked), (error: Error & { code: string }) => {
    assert.equal(error.code, 'hosts.not_empty_yet')
    assert.match(error.message, /^far is not empty after 0\.01 minutes: 1 instance left\.$/)
    return true
  })
  assert.equal((await cluster.list()).get('far')?.draining, true)
  far.judge = () => ({})
  await drain(cluster.command().context, 'far', { home: cluster.home })
  assert.equal((await cluster.list()).get('far')?.instances, 0)
  const never = { ...asked, waitMinutes: 'soon' }
  await assert.rejects(drain(cluster.command().context, 'far', never), { code: 'invalid' })
})

test('a host is removed when it is empty, or lost: then what ran there is started elsewhere at once', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2' })
  const app = await cluster.deployed()
  await refused(
    cluster,
    () => askRemoval(cluster, 'far'),
    'hosts.still_runs',
    new RegExp(`${app.name} web\\.`),
  )
  cluster.keepPlaces()
  const { context, printed } = cluster.command()
  await remove(context, 'far', { home: cluster.home, lost: true })
  assert.match(printed.stdout, /^Removed far\. What ran there is started elsewhere\./)
  // One host is left, and looks after both.
  await until('the pair is whole', async () => {
    const places = await cluster.placesOf(app)
    return places.length === 2 && places.every((place) => place.endsWith(FIRST))
  })
})

test('the last host of a data centre goes only when somebody says that they know', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2', farther: 'dc2' })
  cluster.keepPlaces()
  for (const name of ['far', 'farther']) await drain(cluster.command().context, name, { home: cluster.home })
  await refused(
    cluster,
    () => askRemoval(cluster, 'far'),
    'hosts.last_in_data_centre',
    /every app is then in one/,
  )
  await cluster.api.call(hostRoutes.undrain, named('farther'))
  await askRemoval(cluster, 'far')
  await refused(cluster, () => askRemoval(cluster, 'farther'), 'hosts.last_in_data_centre')
  await askRemoval(cluster, 'farther', { last: 'true' })
  assert.deepEqual([...(await cluster.list()).keys()], [FIRST])
})

test('the map shows each instance where it is, and how it goes on', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2' })
  const app = await cluster.deployed()
  const far = cluster.host('far')
  const coursesOn = async (host: string) =>
    (await cluster.map()).get(host)?.running.map(({ id, course }) => `${id} ${course}`) ?? []
  const [mine = ''] = await coursesOn('far')
  const id = mine.split(' ')[0]
  assert.equal(mine, `${id} stays`)
  far.judge = (one) => (one.traffic === 'drain' ? { openRequests: 3 } : {})
  await askDrain(cluster, 'far')
  await lookOnce(cluster.platform.deps)
  assert.deepEqual(await coursesOn('far'), [`${id} leaving`])
  assert.ok((await coursesOn(FIRST)).includes(`${id} arriving`))
  far.judge = () => ({})
  await until('it has gone', async () => {
    await lookOnce(cluster.platform.deps)
    return (await cluster.placesOf(app)).every((place) => place.endsWith(FIRST))
  })
  await cluster.api.call(hostRoutes.undrain, named('far'))
  // Room for nothing more, and the instance has to go: it waits.
  far.memoryMb = 1024
  await cluster.hear(far)
  await cluster.silence(cluster.platform.host, 40)
  const courses = (await coursesOn(FIRST)).map((one) => one.split(' ')[1])
  assert.deepEqual(
    courses.sort(),
    ['stays', 'waiting'],
    'the last of a pair goes even where there is no room',
  )
})

test('the list fits a terminal, and says all in a file', async (t) => {
  const cluster = await makeTestCluster(t, { 'frankfurt-am-main-2': 'frankfurt-am-main' })
  await cluster.deployed()
  const { context, printed } = cluster.command()
  await list(context, { home: cluster.home })
  assert.match(
    printed.stdout,
    /^HOST +DATA CENTRE +ADDRESS +ROLE +STATE +INSTANCES +MEMORY +REPORTED +VERSION\n/,
  )
  assert.match(printed.stdout, /^test-host +dc1 +127\.0\.0\.1 +first +ready +1 +0\.5 of 15\.0 GB /m)
  const narrow = cluster.command()
  Object.assign(narrow.context.stdout, { isTTY: true, columns: 80 })
  await list(narrow.context, { home: cluster.home })
  const lines = narrow.printed.stdout.trimEnd().split('\n')
  assert.equal(lines.length, 3)
  for (const line of lines) assert.ok(line.length <= 80, line)
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { HostFigures } from '#contract/agent.ts'
import { readEdge } from '#platform/edge/index.ts'
import { type KnownCounters, planSample } from '#platform/metrics/plan.ts'
import { makeTestAgent, type TestAgent } from './test-agent.ts'
import { get, testApp, until } from './test-host.ts'

let lab: TestAgent

/** /200 to /599 answer with that status, /slow after 400 ms, /burn after half a second of processor time. */
const PROGRAM = `require('http').createServer((q,r)=>{const s=Number(q.url.slice(1));
if(s)r.statusCode=s;if(q.url==='/burn'){const from=process.cpuUsage();while(process.cpuUsage(from).user<500000);}
if(q.url==='/slow'||q.url==='/slowest')setTimeout(()=>r.end('slow'),q.url==='/slow'?400:3000);else r.end('ok')}).listen(8080);
process.on('SIGTERM',()=>process.exit(0))`
const HOST = 'shop.test.localhost'
const shop = () => [lab.instance('web', 1, 1, PROGRAM, { traffic: 'serve' })]

before(async () => {
  lab = await makeTestAgent(207)
  await lab.applied(await lab.put(['shop', shop()]))
  await until('the app answers', async () => (await get(lab.host, HOST, '/health')).status === 200, 60_000)
})
after(() => lab?.destroy())

/** Figures that were read after now. */
async function nextFigures(): Promise<HostFigures> {
  const asked = new Date().toISOString()
  return until(
    'new figures',
    async () => {
      const { figures } = await lab.client.report(0, 0)
      return figures !== null && figures.at > asked ? figures : undefined
    },
    60_000,
  )
}

/** What happened between two readings, as the control plane counts it. */
async function countedSince(before: HostFigures) {
  const known: KnownCounters = planSample(undefined, before).known
  const plan = planSample(known, await nextFigures())
  const { appId } = testApp('shop')
  return {
    traffic: plan.traffic.find((step) => step.appId === appId),
    usage: plan.usage.find((step) => step.appId === appId),
  }
}

const counts = (traffic: Awaited<ReturnType<typeof countedSince>>['traffic']) =>
  traffic && [traffic.answers, traffic.clientErrors, traffic.serverErrors]

test('requests are counted exactly, by status, with the time that they took and the work that they made', async () => {
  const before = await nextFigures()
  for (const path of ['/200', '/204', '/302', '/404', '/410', '/500']) await get(lab.host, HOST, path)
  await Promise.all([get(lab.host, HOST, '/slow'), get(lab.host, HOST, '/slow')])
  await get(lab.host, HOST, '/burn')
  const { traffic, usage } = await countedSince(before)
  assert.deepEqual(counts(traffic), [9, 2, 1])
  assert.equal(traffic?.timed, 9)
  // Two waits of 400 ms and one of 500 ms at least; the other answers are quick.
  assert.ok(traffic.waitMs >= 1300, `${traffic.waitMs} ms`)
  assert.ok((usage?.cpuMs ?? 0) >= 450, `${usage?.cpuMs} ms of processor time`)
  assert.ok((usage?.memoryBytes ?? 0) > 10_000_000)
})

test('no requests are zero, not nothing', async () => {
  const { traffic } = await countedSince(await nextFigures())
  assert.deepEqual(counts(traffic), [0, 0, 0])
})

test('a reload in the middle of requests loses none and counts none twice', async () => {
  const before = await nextFigures()
  const underWay = [get(lab.host, HOST, '/slowest'), get(lab.host, HOST, '/slowest')]
  // The edge itself: a report that all is well comes every 5 s only.
  await until('both are under way', async () =>
    (await readEdge(lab.host.haproxy))?.servers.some(({ openRequests }) => openRequests === 2),
  )
  // Another app's host name comes: only a reload brings it.
  await lab.applied(await lab.put(['shop', shop()], ['more', []]))
  for (const path of ['/200', '/500']) await get(lab.host, HOST, path)
  await Promise.all(underWay)
  await get(lab.host, HOST, '/404')
  const known = planSample(undefined, before).known
  const first = planSample(known, await nextFigures())
  const second = planSample(first.known, await nextFigures())
  const sums = [first, second].map(({ traffic }) =>
    counts(traffic.find(({ appId }) => appId === testApp('shop').appId)),
  )
  const total = [0, 1, 2].map((n) => sums.reduce((sum, one) => sum + (one?.[n] ?? 0), 0))
  assert.deepEqual(total, [5, 1, 1])
})

test('an agent that was away learns of what happened meanwhile', async () => {
  const before = await nextFigures()
  await lab.stop()
  for (const path of ['/200', '/404', '/503']) await get(lab.host, HOST, path)
  await lab.start()
  const { traffic } = await countedSince(before)
  assert.deepEqual(counts(traffic), [3, 1, 1])
})

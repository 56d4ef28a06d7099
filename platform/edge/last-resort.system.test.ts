import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { INSTANCE_PORT } from '#contract/installation.ts'
import { get, type TestHost, testApp, until } from '#runtime/agent/test-host.ts'
import { startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { applyEdge, readEdge } from './index.ts'
import { makeTestEdgeHost, serving, type TestEdgeHost, web } from './test-edge-host.ts'

/** A busy machine: instances go on serving while checks of them are answered late or not at all. */
const NAME = 'shop.test.localhost'
const BUSY = ['web.1.v1.0', 'web.2.v1.0'] as const
/** What a visitor waits at most before being told that nobody answers: as long as a connection may take to be opened. */
const TOLD_MS = 5_000

let edge: TestEdgeHost
let host: TestHost

before(async () => {
  edge = await makeTestEdgeHost(224)
  host = edge.host
})
after(() => host?.destroy())

/** Answers checks after so many milliseconds, which `/checks/N` changes; 0 is at once, -1 never. */
const program = (checksMs: number) =>
  `let late=${checksMs};require('http').createServer((q,r)=>{
const to=/^\\/checks\\/(.+)$/.exec(q.url);if(to)late=Number(to[1]);
if(q.url!=='/health')r.end('served');else if(late>=0)setTimeout(()=>r.end(),late)
}).listen(${INSTANCE_PORT});process.on('SIGTERM',()=>process.exit(0))`

const healths = async () =>
  ((await readEdge(host.haproxy))?.servers ?? [])
    .filter(({ backend }) => backend !== 'control')
    .map(({ health }) => health)

/** Until every instance of the app has heard it; requests go to the one with fewer under way. */
async function setChecks(late: number): Promise<void> {
  const wanted = late < 0 ? 'down' : 'up'
  await until(`checks are ${wanted}`, async () => {
    await get(host, NAME, `/checks/${late}`)
    return (await healths()).every((health) => health === wanted)
  })
}

test('a check that is under way leaves a server what it was', async () => {
  const slow = await edge.startServer('web.9.v1.0', program(250))
  await edge.settle(web([serving(slow)]))
  await edge.healthy(slow.name)
  await edge.settle(web([serving(slow)]))
  // A check is under way for about half of the time.
  const seen = new Set<string>()
  for (let look = 0; look < 200; look++) for (const health of await healths()) seen.add(health)
  assert.deepEqual([...seen], ['up'])
  await edge.settle(web([]))
})

test('an app whose checks all fail is still served, also over a reload; without an instance visitors are told soon', async (t) => {
  const servers = await Promise.all(BUSY.map((name) => edge.startServer(name, program(0))))
  const apps = web(servers.map(serving))
  await edge.settle(apps)
  for (const { name } of servers) await edge.healthy(name)
  await edge.settle(apps)
  const target = { host: '127.0.0.1', port: host.installation.ports.https, ca: host.authority.rootPem }
  const load = startHttpsLoad({ ...target, name: NAME, onEnd: () => {} }, { kept: 4, fresh: 2 })
  t.after(load.stop)
  await setChecks(-1)
  const more = async () => {
    const goal = load.seen().requests + 1_000
    await until('more requests', async () => load.seen().requests > goal)
  }
  await more()
  // A reload, after which nobody has answered the new process yet.
  const { did } = await applyEdge(edge.deps, [...apps, { ...testApp('extra'), servers: [] }])
  assert.equal(did, 'reload')
  await more()
  await until('checks are down again', async () => (await healths()).every((health) => health === 'down'))
  await more()
  const { requests, failures } = await load.stop()
  assert.deepEqual(failures, [])
  t.diagnostic(`${requests} requests, 0 failed`)

  for (const { name } of servers) await host.docker.containers.stop(`${host.installation.name}-${name}`)
  const since = performance.now()
  const answer = await get(host, NAME)
  const took = performance.now() - since
  t.diagnostic(`told after ${Math.round(took)} ms that nobody answers`)
  assert.equal(answer.status, 503)
  assert.match(answer.body, /The application is not answering/)
  assert.ok(took < TOLD_MS, `${took} ms`)
})

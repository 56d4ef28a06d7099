import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { INSTANCE_PORT } from '#contract/installation.ts'
import { get, type TestHost, testApp, until } from '#runtime/agent/test-host.ts'
import { startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { applyEdge } from './index.ts'
import { makeTestEdgeHost, serving, type TestEdgeHost, web } from './test-edge-host.ts'

/**
 * An instance goes and comes back by the same name while visitors ask: by the last resort requests are led to it before it has got any
 * weight (docs/decisions/0045).
 */
const HOST_NAME = 'shop.test.localhost'
const INSTANCE = 'web.1.v1.0'
/** It takes no connection for so long, so the requests that are led to it come again. */
const CLOSED_MS = 1_500

let edge: TestEdgeHost
let host: TestHost

before(async () => {
  edge = await makeTestEdgeHost(223)
  host = edge.host
})
after(() => host?.destroy())

const program = (closedMs: number) =>
  `setTimeout(()=>require('http').createServer((q,r)=>r.end('served')).listen(${INSTANCE_PORT}),${closedMs})
process.on('SIGTERM',()=>process.exit(0))`

/** Brings the instance and leads requests to it. */
async function bring(closedMs: number, more: ReturnType<typeof web> = []): Promise<void> {
  const server = await edge.startServer(INSTANCE, program(closedMs))
  const apps = [...web([serving(server)]), ...more]
  await applyEdge(edge.deps, apps)
  await edge.healthy(INSTANCE)
  await edge.settle(apps)
}

/** The processes of the edge, which are others when it has died. */
const startedAt = async () =>
  (await host.docker.containers.inspect(`${host.installation.name}-edge`))?.startedAt?.getTime()

test('an instance that comes back by its name while visitors ask does not end the edge', async (t) => {
  await bring(0)
  const target = { host: '127.0.0.1', port: host.installation.ports.https, ca: host.authority.rootPem }
  const since = await startedAt()
  assert.ok(since)
  for (let round = 0; round < 4; round++) {
    const load = startHttpsLoad({ ...target, name: HOST_NAME }, { kept: 0, fresh: 3 })
    t.after(load.stop)
    const requests = (count: number) => {
      const goal = load.seen().requests + count
      return until('more requests', async () => load.seen().requests > goal)
    }
    await requests(200)
    // The process that takes over is taught who answered last, and does not know that one itself.
    const extra = [{ ...testApp(`extra${round}`), servers: [] }]
    const { did } = await applyEdge(edge.deps, [...web([]), ...extra])
    assert.equal(did, 'reload')
    await host.docker.containers.remove(`${host.installation.name}-${INSTANCE}`)
    await bring(CLOSED_MS, extra)
    await requests(500)
    await load.stop()
    assert.equal((await get(host, HOST_NAME)).body, 'served')
    assert.equal(await startedAt(), since, `round ${round}`)
  }
})

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { ContainerSpec } from '#contract/agent.ts'
import {
  makeTestHost,
  programContainer,
  serverProgram,
  type TestHost,
  testApp,
  until,
} from '#runtime/agent/test-host.ts'
import { retiredName } from '#runtime/drivers/hand-over.ts'
import { startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { convergePlatform } from '../hosts/converge.ts'
import {
  applyEdge,
  type EdgeDeps,
  handOverEdge,
  issuedBy,
  makeRests,
  makeTrafficReader,
  readEdge,
} from './index.ts'

let host: TestHost
let edge: EdgeDeps
const shop = testApp('shop')

before(async () => {
  host = await makeTestHost(216)
  const { installation, home, authority, haproxy } = host
  const { beforeReload } = makeTrafficReader(haproxy, Date.now)
  edge = {
    installation,
    home,
    rootPem: authority.rootPem,
    certificates: issuedBy(authority, 'one'),
    haproxy,
    rests: makeRests(() => performance.now()),
    beforeReload,
    check: async () => undefined,
    now: () => new Date(),
  }
  const spec = programContainer(host, 'web', serverProgram('one'))
  await host.docker.containers.create(spec, installation.id)
  await host.docker.containers.start(spec.name)
  const address = Object.values((await host.docker.containers.inspect(spec.name))?.addresses ?? {})[0]
  const servers = [{ name: 'web.1.v1.0', address: address ?? '', port: 8080, serves: true }]
  await until('the app to be served', async () => {
    const { did, waiting } = await applyEdge(edge, [{ ...shop, servers }])
    return did === 'nothing' && waiting.length === 0
  })
})
after(() => host?.destroy())

const edgeName = () => `${host.installation.name}-edge`

/** Brings the edge to a changed spec, as a newer program or image does. */
async function replaceEdge(change: Partial<ContainerSpec>): Promise<string[]> {
  const { docker, home, haproxy, installation, platform } = host
  const deps = { docker, home, haproxy, owner: installation.id }
  const containers = platform.containers.map((spec) => ({ ...spec, ...change }))
  const handOver = (spec: ContainerSpec, oldId: string) => handOverEdge(deps, spec, oldId)
  return await convergePlatform({ docker, owner: installation.id, handOver }, { ...platform, containers })
}

test('the edge is replaced again and again under load: no request fails, on kept connections and on new ones', {
  timeout: 180_000,
}, async (t) => {
  const target = {
    host: '127.0.0.1',
    port: host.installation.ports.https,
    name: 'shop.test.localhost',
    ca: host.authority.rootPem,
  }
  const load = startHttpsLoad(target, { kept: 12, fresh: 4 })
  t.after(() => load.stop())
  await until('the load to run', async () => load.seen().requests > 300)
  await host.haproxy.ask('set table sign-ins key 203.0.113.5 data.gpc0 7 data.gpc0_rate 7')
  for (const round of [1, 2, 3]) {
    const before = await host.docker.containers.inspect(edgeName())
    const did = await replaceEdge({ env: { ROUND: String(round) } })
    assert.match(did.join('\n'), /^hand .* over to a new one/m)
    assert.notEqual((await host.docker.containers.inspect(edgeName()))?.id, before?.id)
    const goal = load.seen().requests + 500
    await until('more requests', async () => load.seen().requests > goal)
  }
  const { requests, failed, failures, slowestMs } = await load.stop()
  t.diagnostic(`${requests} requests, ${failed} failed, the slowest took ${Math.round(slowestMs)} ms`)
  assert.deepEqual(failures, [])
  assert.ok(requests > 2000, `${requests} requests`)
  assert.ok((await readEdge(host.haproxy))?.servers.some(({ name }) => name === 'web.1.v1.0'))
  // Who guessed passwords is as well known as before.
  assert.match(
    (await host.haproxy.ask('show table sign-ins')) ?? '',
    /:203\.0\.113\.5 .* gpc0=7 gpc0_rate\(900000\)=7 /,
  )
})

test('the one before ends with its last request and is then cleared away', async () => {
  const old = retiredName(edgeName())
  await until('it to end', async () => (await host.docker.containers.inspect(old))?.state !== 'running')
  await until('it to be cleared away', async () => {
    await replaceEdge({ env: { ROUND: '3' } })
    return (await host.docker.containers.inspect(old)) === undefined
  })
})

test('HAProxy runs as the edge’s user with one right of root', async () => {
  const { docker } = host
  const processes = await docker.containers.processes(edgeName())
  const pid = processes.find(({ command }) => command.includes('haproxy'))?.pid ?? assert.fail()
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]
  assert.equal(field('Uid')?.split('\t')[1], '10004')
  // CAP_NET_BIND_SERVICE is number 10.
  for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb'])
    assert.equal(Number(`0x${field(set)}`), 1 << 10, set)
  assert.equal(field('NoNewPrivs'), '1')
})

test('a new edge that does not come up leaves the old one serving', async () => {
  const before = await host.docker.containers.inspect(edgeName())
  await assert.rejects(replaceEdge({ command: ['false'] }), { code: 'hosts.step_failed' })
  const now = await host.docker.containers.inspect(edgeName())
  assert.deepEqual([now?.id, now?.state], [before?.id, 'running'])
  assert.ok((await readEdge(host.haproxy)) !== undefined)
})

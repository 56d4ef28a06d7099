import assert from 'node:assert/strict'
import { Agent, request as httpsRequest } from 'node:https'
import { after, before, test } from 'node:test'
import { PEER_PORT } from '#contract/fleet.ts'
import { convergePlatform } from '#platform/hosts/converge.ts'
import {
  get,
  makeTestHost,
  programContainer,
  serverProgram,
  type TestHost,
  testApp,
  until,
} from '#runtime/agent/test-host.ts'
import { type RequestEnd, startHttpsLoad } from '#runtime/drivers/https-load.ts'
import {
  applyEdge,
  checkConfig,
  type EdgeApp,
  type EdgeDeps,
  type EdgeServer,
  issuedBy,
  makeRests,
  readEdge,
} from './index.ts'
import { PEER_SUBJECT, peerName } from './peers.ts'

/** Two hosts of one installation: what only the second one's edge leads to is reached through the first one's. */
let near: TestHost
let far: TestHost
const shop = testApp('shop')
const NAME = 'shop.test.localhost'

before(async () => {
  near = await makeTestHost(222)
  far = await makeTestHost(223)
  const containers = far.platform.containers.map((one) => ({
    ...one,
    ports: [...one.ports, { host: PEER_PORT, container: PEER_PORT }],
  }))
  const deps = { docker: far.docker, owner: far.installation.id }
  await convergePlatform(deps, { ...far.platform, containers })
  await until('the edge answers', async () => (await far.haproxy.ask('show info')) !== undefined)
})
after(async () => {
  await near?.destroy()
  await far?.destroy()
})

/** Doors of both edges may be on one machine's network. */
const NEAR_PORT = PEER_PORT + 1

/** Where the hosts are for each other; the third is the test itself. */
const [HERE, THIRD] = ['127.0.0.1', '127.72.1.3']
let members = [HERE, THIRD]
let farServer: EdgeServer

const depsOf = (host: TestHost, name: string): EdgeDeps => ({
  installation: host.installation,
  home: host.home,
  // One authority for both.
  rootPem: near.authority.rootPem,
  certificates: issuedBy(near.authority, name),
  self: { host: name, members, ...(host === near ? { port: NEAR_PORT } : {}) },
  haproxy: host.haproxy,
  rests: makeRests(() => performance.now(), 0),
  beforeReload: async () => undefined,
  check: (file) => checkConfig(host.docker, host.installation, file),
  now: () => new Date(),
})

/** Applies until nothing is left to do, as the agent's loop does. */
const settle = (host: TestHost, name: string, apps: readonly EdgeApp[]) =>
  until(`the edge of ${name} reaches its state`, async () => {
    const result = await applyEdge(depsOf(host, name), apps)
    return result.pending.length === 0 && result.waiting.length === 0 && result.did === 'nothing'
  })
const settleNear = (servers: readonly EdgeServer[]) =>
  settle(near, 'near', [{ ...shop, servers, peers: [{ host: 'far', address: HERE }] }])
const settleFar = (servers: readonly EdgeServer[]) => settle(far, 'far', [{ ...shop, servers }])

async function startServer(host: TestHost, name: string, answer: string): Promise<EdgeServer> {
  const spec = programContainer(host, name, serverProgram(answer))
  await host.docker.containers.create(spec, host.installation.id)
  await host.docker.containers.start(spec.name)
  const address = Object.values((await host.docker.containers.inspect(spec.name))?.addresses ?? {})[0]
  assert.ok(address)
  return { name, address, port: 8080, serves: true }
}

const peerIsUp = () =>
  until('the other host answers', async () =>
    (await readEdge(near.haproxy))?.servers.some(
      ({ name, health }) => name === 'peer.far' && health === 'up',
    ),
  )

/** Requests over kept connections until stopped, with how often what was answered. */
function startLoad() {
  const bodies = new Map<string, number>()
  const onEnd = ({ failure, body }: RequestEnd) => {
    if (failure === undefined) bodies.set(body, (bodies.get(body) ?? 0) + 1)
  }
  const place = { host: '127.0.0.1', port: near.installation.ports.https, ca: near.authority.rootPem }
  return { ...startHttpsLoad({ ...place, name: NAME, onEnd }, { kept: 8, fresh: 0 }), bodies }
}

test('an app that runs on the other host only is served here, and knows who really asked', async () => {
  farServer = await startServer(far, 'web.2.v1.0', 'far')
  await settleFar([farServer])
  await settleNear([])
  await peerIsUp()
  const answer = await get(near, NAME, '/', { 'x-forwarded-for': '6.6.6.6' })
  assert.deepEqual([answer.status, answer.body], [200, 'far'])
  const seen = JSON.parse(String(answer.headers['x-seen']))
  // As the first edge sees the client, not as the client says.
  assert.equal(seen['x-forwarded-for'], '127.0.0.1')
  assert.equal(seen['x-forwarded-proto'], 'https')
  assert.equal(seen['x-request-id'], answer.headers['x-request-id'])
})

test('a host that serves the app from now on is added at run time, and is checked as one that was always there', async () => {
  await settle(near, 'near', [{ ...shop, servers: [], peers: [] }])
  assert.equal((await get(near, NAME)).status, 503)
  const peers = [{ host: 'far', address: HERE }]
  const apply = () => applyEdge(depsOf(near, 'near'), [{ ...shop, servers: [], peers }])
  assert.deepEqual((await apply()).did, 'commands')
  await peerIsUp()
  await until('it is asked', async () => (await apply()).waiting.length === 0)
  assert.equal((await get(near, NAME)).body, 'far')
})

test('its own instance comes first, and when that is killed the other host goes on at once', async () => {
  const here = await startServer(near, 'web.1.v1.0', 'near')
  await settleNear([here])
  const load = startLoad()
  await until('the load runs', async () => load.seen().requests > 300)
  assert.ok(!load.bodies.has('far') || (load.bodies.get('near') ?? 0) > 0)
  load.bodies.clear()
  await until('more requests', async () => (load.bodies.get('near') ?? 0) > 200)
  assert.equal(load.bodies.get('far'), undefined)
  await near.docker.containers.kill(`${near.installation.name}-web.1.v1.0`)
  await until('the other host answers', async () => (load.bodies.get('far') ?? 0) > 200)
  const { failures } = await load.stop()
  // What the killed instance was answering at that moment is lost with it; nothing after it is.
  assert.ok(failures.length <= 8, failures.join(', '))
})

test('a move to the other host loses no request', { timeout: 120_000 }, async () => {
  const here = await startServer(near, 'web.3.v1.0', 'near')
  await settleNear([here])
  const load = startLoad()
  await until('this host answers', async () => (load.bodies.get('near') ?? 0) > 200)
  await settleNear([{ ...here, serves: false }])
  load.bodies.clear()
  await until('the other host answers', async () => (load.bodies.get('far') ?? 0) > 200)
  assert.equal(load.bodies.get('near') ?? 0, 0)
  await settleNear([])
  await near.docker.containers.stop(`${near.installation.name}-web.3.v1.0`)
  const goal = load.seen().requests + 200
  await until('more requests', async () => load.seen().requests > goal)
  assert.deepEqual((await load.stop()).failures, [])
})

test("no other certificate opens the door for other hosts' edges, and it leads to apps only", async () => {
  const edge = { commonName: PEER_SUBJECT, dnsNames: [peerName('near')], days: 1, client: true }
  const known = await near.authority.issue(edge)
  const other = await near.authority.issue({ ...edge, commonName: 'postgres-1' })
  const stranger = await far.authority.issue(edge)
  assert.equal(await knock(NAME, known), 200)
  assert.equal(await knock('test.localhost', known), 404)
  assert.equal(await knock(NAME, other), 403)
  await assert.rejects(knock(NAME, stranger))
  await assert.rejects(knock(NAME, undefined))
})

test('the certificate of a removed host opens nothing any more, and no edge is reloaded for that', async () => {
  const edge = { commonName: PEER_SUBJECT, dnsNames: [peerName('third')], days: 1, client: true }
  const third = await near.authority.issue(edge)
  const kept = new Agent({ keepAlive: true, maxSockets: 1 })
  assert.equal(await knock(NAME, third, kept), 200)
  const process = await far.haproxy.ask('show info')
  members = [HERE]
  await settleFar([farServer])
  await assert.rejects(knock(NAME, third), { reused: false })
  await assert.rejects(knock(NAME, third, kept), { reused: true })
  kept.destroy()
  await peerIsUp()
  assert.equal((await get(near, NAME)).body, 'far')
  members = [HERE, THIRD]
  await settleFar([farServer])
  assert.equal(await knock(NAME, third), 200)
  assert.equal(pidIn(await far.haproxy.ask('show info')), pidIn(process))
})

const pidIn = (info: string | undefined) => /^Pid: (\d+)$/m.exec(info ?? '')?.[1] ?? assert.fail()

const knock = (
  host: string,
  certificate: { certPem: string; keyPem: string } | undefined,
  agent: Agent | false = false,
) =>
  new Promise<number | undefined>((resolve, reject) => {
    const identity = certificate === undefined ? {} : { cert: certificate.certPem, key: certificate.keyPem }
    const options = { host: '127.0.0.1', localAddress: THIRD, port: PEER_PORT, servername: peerName('far') }
    const request = httpsRequest(
      { ...options, agent, ca: near.authority.rootPem, headers: { host }, ...identity },
      (response) => {
        response.resume()
        resolve(response.statusCode)
      },
    )
    request.on('error', (error) => reject(Object.assign(error, { reused: request.reusedSocket })))
    request.end()
  })

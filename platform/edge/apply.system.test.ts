import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { after, before, test } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { get, serverProgram, type TestHost, testApp, until } from '#runtime/agent/test-host.ts'
import { type RequestEnd, startHttpsLoad } from '#runtime/drivers/https-load.ts'
import {
  applyEdge,
  type EdgeApp,
  type EdgeDeps,
  type EdgeServer,
  edgeFiles,
  makeRests,
  readEdge,
} from './index.ts'
import { makeTestEdgeHost, serving, type TestEdgeHost, web } from './test-edge-host.ts'

let edge: TestEdgeHost
let host: TestHost
let deps: EdgeDeps
const startServer = (name: string, program: string) => edge.startServer(name, program)
const settle = (apps: readonly EdgeApp[]) => edge.settle(apps)
const healthy = (name: string) => edge.healthy(name)

before(async () => {
  edge = await makeTestEdgeHost(211)
  host = edge.host
  deps = edge.deps
})
after(() => host?.destroy())

/** Requests over kept connections until stopped, with what was answered. */
function startLoad(name: string, kept: number) {
  const bodies = new Set<string>()
  const target = { host: '127.0.0.1', port: host.installation.ports.https, ca: host.authority.rootPem, name }
  const onEnd = ({ failure, body }: RequestEnd) => {
    if (failure === undefined) bodies.add(body)
  }
  return { ...startHttpsLoad({ ...target, onEnd }, { kept, fresh: 0 }), bodies }
}

test('an app with no instance answers 503 with a page, an unknown host 404 that names nothing', async () => {
  await settle(web([]))
  const none = await get(host, 'shop.test.localhost')
  assert.equal(none.status, 503)
  assert.match(none.body, /The application is not answering/)
  const unknown = await httpsStatus('other.test.localhost')
  assert.deepEqual(unknown, { status: 404, body: 'Not found\n' })
})

/** Without verification: an unknown host gets the certificate that names nothing. */
function httpsStatus(hostName: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port: host.installation.ports.https,
        servername: hostName,
        rejectUnauthorized: false,
        headers: { host: hostName },
        agent: false,
      },
      (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString()
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      },
    )
    request.on('error', reject)
    request.end()
  })
}

test('an instance gets no request before it serves; a client cannot forge its address', async () => {
  const first = await startServer('web.1.v1.0', serverProgram('one'))
  await settle(web([first]))
  await healthy(first.name)
  assert.equal((await get(host, 'shop.test.localhost')).status, 503)
  await settle(web([serving(first)]))
  const answer = await get(host, 'shop.test.localhost', '/', {
    'x-forwarded-for': '6.6.6.6',
    'x-request-id': 'forged',
  })
  assert.equal(answer.status, 200)
  assert.equal(answer.body, 'one')
  assert.match(String(answer.headers['strict-transport-security']), /max-age=31536000/)
  const seen = JSON.parse(String(answer.headers['x-seen'])) as Record<string, string>
  assert.doesNotMatch(seen['x-forwarded-for'] ?? '', /6\.6\.6\.6/)
  assert.equal(seen['x-forwarded-proto'], 'https')
  assert.equal(seen['x-request-id'], answer.headers['x-request-id'])
  assert.notEqual(seen['x-request-id'], 'forged')
})

test('plain HTTP redirects known hosts with 308 and tells nothing about others', async () => {
  const ask = (hostName: string) =>
    new Promise<{ status: number; location: string | undefined }>((resolve, reject) => {
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port: host.installation.ports.http,
          path: '/a?b=c',
          headers: { host: hostName },
          agent: false,
        },
        (response) => {
          response.resume()
          resolve({ status: response.statusCode ?? 0, location: response.headers.location })
        },
      )
      request.on('error', reject)
      request.end()
    })
  const { https } = host.installation.ports
  assert.deepEqual(await ask('shop.test.localhost'), {
    status: 308,
    location: `https://shop.test.localhost:${https}/a?b=c`,
  })
  assert.deepEqual(await ask('evil.example'), { status: 404, location: undefined })
})

test('a connection for one name carries no request for another; TLS 1.1 is refused', async () => {
  const crossed = await new Promise<number>((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port: host.installation.ports.https,
        servername: 'shop.test.localhost',
        ca: host.authority.rootPem,
        headers: { host: 'test.localhost' },
        agent: false,
      },
      (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      },
    )
    request.on('error', reject)
    request.end()
  })
  assert.equal(crossed, 421)
  await assert.rejects(
    new Promise<void>((resolve, reject) => {
      const socket = tlsConnect({
        host: '127.0.0.1',
        port: host.installation.ports.https,
        servername: 'shop.test.localhost',
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
        rejectUnauthorized: false,
      })
      socket.on('secureConnect', () => resolve())
      socket.on('error', reject)
    }),
  )
})

test('a switch of releases and three reloads under load lose no request', { timeout: 120_000 }, async () => {
  const names = ['web.1.v1.0', 'web.2.v1.0', 'web.1.v2.0', 'web.2.v2.0'] as const
  const old = [{ ...(await addressOf(names[0])) }, await startServer(names[1], serverProgram('one'))]
  await settle(web(old.map(serving)))
  await healthy(names[1])
  await settle(web(old.map(serving)))
  const load = startLoad('shop.test.localhost', 24)
  await until('the load runs', async () => load.seen().requests > 500)
  for (const round of [1, 2, 3]) {
    const extra = Array.from({ length: round }, (_, n) => ({ ...testApp(`extra${n}`), servers: [] }))
    assert.equal((await applyEdge(deps, [...web(old.map(serving)), ...extra])).did, 'reload')
    const goal = load.seen().requests + 300
    await until('more requests', async () => load.seen().requests > goal)
  }
  const extra = [0, 1, 2].map((n) => ({ ...testApp(`extra${n}`), servers: [] }))
  const next = [
    await startServer(names[2], serverProgram('two')),
    await startServer(names[3], serverProgram('two')),
  ]
  await settle([...web([...old.map(serving), ...next]), ...extra])
  await healthy(names[2])
  await healthy(names[3])
  await settle([...web([...old, ...next.map(serving)]), ...extra])
  load.bodies.clear()
  await until('the new release answers', async () => load.bodies.has('two'))
  await host.docker.containers.stop(`${host.installation.name}-${names[0]}`)
  await host.docker.containers.stop(`${host.installation.name}-${names[1]}`)
  await settle([...web(next.map(serving)), ...extra])
  const seen = await load.stop()
  assert.deepEqual(seen.failures, [])
  assert.ok(seen.requests > 1500, `${seen.requests} requests`)
  const servers = (await readEdge(host.haproxy))?.servers.filter(({ backend }) => backend !== 'control')
  assert.deepEqual(servers?.map(({ name }) => name).sort(), [names[2], names[3]])
})

test('a reload that brings a server which does not answer yet, in place of one that does, loses no request', async (t) => {
  const name = 'web.1.v2.0'
  const now = await addressOf(name)
  const deaf = { ...serving(now), name: 'web.1.v3.0', port: 9 }
  const load = startLoad('shop.test.localhost', 8)
  t.after(load.stop)
  await until('the load runs', async () => load.seen().requests > 100)
  await healthy(name)
  const apps = [...web([now, deaf]), { ...testApp('extra9'), servers: [] }]
  const { did, waiting } = await applyEdge(deps, apps)
  assert.deepEqual([did, waiting], ['reload', [`app.${testApp('shop').appId}/web.1.v3.0`]])
  const goal = load.seen().requests + 1000
  await until('more requests', async () => load.seen().requests > goal)
  assert.deepEqual((await load.stop()).failures, [])
  await settle(web([serving(now)]))
})

async function addressOf(name: string): Promise<EdgeServer> {
  const server = (await readEdge(host.haproxy))?.servers.find((one) => one.name === name)
  assert.ok(server)
  return { name, address: server.address, port: server.port, serves: false }
}

test('a server that still answers somebody is taken away later, and keeps nobody waiting meanwhile', async (t) => {
  const slow = await startServer('web.9.v1.0', slowProgram)
  await settle(web([serving(slow)]))
  await healthy(slow.name)
  await settle(web([serving(slow)]))
  const answer = get(host, 'shop.test.localhost', '/slow')
  t.after(() => answer.catch(() => undefined))
  const served = () =>
    readEdge(host.haproxy).then((edge) => edge?.servers.find((one) => one.name === slow.name))
  await until('the request to be under way', async () => ((await served())?.openRequests ?? 0) > 0)
  const ended = await applyEdge(deps, web([]))
  assert.deepEqual([ended.pending, ended.leaving], [[], []])
  const { pending, leaving } = await applyEdge(deps, web([]))
  assert.deepEqual(pending, [])
  assert.match(leaving.join(), /^del server app\.\w+\/web\.9\.v1\.0: /)
  assert.equal((await answer).body, 'late')
  await settle(web([]))
  assert.equal(await served(), undefined)
})

test('a server rests before it is deleted; one that comes back meanwhile gets no request before it passes a check', async () => {
  const back = await startServer('web.8.v1.0', serverProgram('back'))
  const asAgent = { ...deps, rests: makeRests(() => performance.now()) }
  const now = async () =>
    (await readEdge(host.haproxy))?.servers.find(({ name }) => name === back.name) ?? assert.fail()
  await settle(web([serving(back)]))
  await healthy(back.name)
  await settle(web([serving(back)]))
  for (let pass = 0; pass < 3; pass++) await applyEdge(asAgent, web([]))
  assert.deepEqual([(await now()).maintenance, (await now()).health], [true, 'down'])
  const deaf = { ...serving(back), port: 9 }
  const { waiting } = await applyEdge(asAgent, web([deaf]))
  assert.deepEqual(waiting, [`app.${testApp('shop').appId}/${back.name}`])
  await until('a check to fail', async () => (await now()).health === 'down')
  await applyEdge(asAgent, web([deaf]))
  assert.deepEqual([(await now()).maintenance, (await now()).weight], [false, 0])
  await settle(web([serving(back)]))
  await healthy(back.name)
  await settle(web([serving(back)]))
  assert.equal((await get(host, 'shop.test.localhost')).status, 200)
  await settle(web([]))
})

/** Lets who asks for /slow wait. */
const slowProgram = `require('http').createServer((q,r)=>setTimeout(()=>r.end('late'),q.url==='/slow'?3000:0)).listen(8080)`

test('a configuration that HAProxy refuses changes nothing', async () => {
  const before = await readEdge(host.haproxy)
  const strict = { ...deps, check: async () => 'no' }
  const another = { ...testApp('another'), servers: [] }
  await assert.rejects(applyEdge(strict, [...web([]), another]), { code: 'hosts.step_failed' })
  assert.equal((await readEdge(host.haproxy))?.mark, before?.mark)
  await assert.rejects(applyEdge(deps, [{ ...testApp('shop'), hostNames: ['a\nbackend x'], servers: [] }]), {
    code: 'invalid',
  })
  assert.match(edgeFiles(host.home).config, /haproxy\.cfg$/)
})

import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { type Idempotency, makeIdempotency } from './idempotency.ts'
import { makeTestDatabase, type TestDatabase } from './test-database.ts'
import { done, handlers, routes } from './test-routes.ts'
import { makeTestServer } from './test-server.ts'

let database: TestDatabase
let idempotency: Idempotency
let server: ReturnType<typeof makeTestServer>
const stopping = new AbortController()
const portOf = () => (server.server.address() as AddressInfo).port

before(async () => {
  database = await makeTestDatabase()
  idempotency = makeIdempotency(database.db, 'this')
  server = makeTestServer(routes, handlers, { idempotency, stopping: stopping.signal })
  await server.listen({ host: '127.0.0.1', port: 0 })
})
after(async () => {
  await server.close()
  await database.close()
})

const post = (url: string, payload: object, headers = {}) =>
  server.inject({ method: 'POST', url, payload, headers })

test('path, query and body are parsed; what does not fit is named', async () => {
  const good = await post('/echo/bob?times=3', { text: 'hi' })
  assert.deepEqual(good.json(), { name: 'bob', times: 3, text: 'hi' })
  const bad = await post('/echo/bob', { text: 7 })
  assert.deepEqual(
    [bad.statusCode, bad.json().error.code, bad.json().error.params.field],
    [400, 'invalid', 'text'],
  )
  const long = await post('/echo/robert', { text: 'hi' })
  assert.equal(long.json().error.message, 'name: is too long')
  const extra = await post('/echo/bob', { text: 'hi', more: 1 })
  assert.equal(extra.statusCode, 400)
})

test('what the framework refuses has our form too', async () => {
  const cases: Array<[object, number, string]> = [
    [
      {
        method: 'POST',
        url: '/echo/bob',
        payload: '{"text":',
        headers: { 'content-type': 'application/json' },
      },
      400,
      'invalid',
    ],
    [
      { method: 'POST', url: '/echo/bob', payload: 'x', headers: { 'content-type': 'text/plain' } },
      400,
      'invalid',
    ],
    [{ method: 'POST', url: '/echo/bob', payload: { text: 'x'.repeat(2_000_000) } }, 413, 'body_too_large'],
    [{ method: 'GET', url: '/nowhere' }, 404, 'not_found'],
    [{ method: 'PUT', url: '/echo/bob' }, 405, 'method_not_allowed'],
    [{ method: 'GET', url: '/%c0' }, 400, 'invalid'],
    [{ method: 'POST', url: '/duplex' }, 400, 'invalid'],
  ]
  for (const [request, status, code] of cases) {
    const answer = await server.inject(request)
    assert.deepEqual(
      [answer.statusCode, answer.json().error?.code],
      [status, code],
      JSON.stringify(request).slice(0, 80),
    )
  }
})

test('an unknown error tells its request id and nothing else', async () => {
  const answer = await server.inject({ method: 'GET', url: '/broken' })
  assert.equal(answer.statusCode, 500)
  assert.equal(answer.json().error.params.requestId, answer.headers['x-request-id'])
  assert.ok(!answer.body.includes('secret'))
})

test('the same idempotency key gives the same answer without a second effect', async () => {
  done.counted = 0
  const headers = { 'idempotency-key': 'once' }
  const first = await post('/count', { by: 5 }, headers)
  const again = await post('/count', { by: 5 }, headers)
  assert.deepEqual([first.statusCode, first.json()], [202, { counted: 5 }])
  assert.deepEqual(
    [again.statusCode, again.json(), again.headers['idempotency-replayed']],
    [202, { counted: 5 }, 'true'],
  )
  const other = await post('/count', { by: 6 }, headers)
  assert.deepEqual([other.statusCode, other.json().error.code], [409, 'idempotency_conflict'])
  assert.equal(done.counted, 5)
})

test('a second request waits for the first one with its key', async () => {
  done.counted = 0
  const headers = { 'idempotency-key': 'both' }
  const first = post('/count', { by: 1000 }, headers)
  first.then(() => undefined)
  await waitFor(() => done.release !== undefined)
  const second = post('/count', { by: 1000 }, headers)
  second.then(() => undefined)
  done.release?.()
  assert.deepEqual([(await first).json(), (await second).json()], [{ counted: 1000 }, { counted: 1000 }])
  assert.equal(done.counted, 1000)
})

test('a key whose request was lost is free again after a while, not before', async () => {
  const claim = (seconds: number) =>
    sql`insert into server_idempotency (principal, route, key, body_hash, started_at, claim)
      values ('', 'try.count', ${`lost ${seconds}`.replace(' ', '-')}, ''::bytea, now() - make_interval(secs => ${seconds}), 'gone')`.execute(
      database.db,
    )
  await claim(130)
  await claim(10)
  assert.equal((await post('/count', { by: 1 }, { 'idempotency-key': 'lost-130' })).statusCode, 202)
  assert.equal((await post('/count', { by: 1 }, { 'idempotency-key': 'lost-10' })).statusCode, 409)
})

test('a failed request frees its key', async () => {
  const headers = { 'idempotency-key': 'failed' }
  assert.equal((await post('/count', { by: 1, fail: true }, headers)).statusCode, 400)
  const again = await post('/count', { by: 1, fail: true }, headers)
  assert.deepEqual([again.statusCode, again.json().error.code], [400, 'apps.no_start'])
})

test('an upload is counted; one byte too many is refused', async () => {
  const send = (bytes: number, type = 'application/gzip') =>
    fetch(`http://127.0.0.1:${portOf()}/upload`, {
      method: 'POST',
      headers: { 'content-type': type },
      // A stream has no length in its header, so only the counting can stop it.
      body: new Blob([Buffer.alloc(bytes)]).stream(),
      duplex: 'half',
    } as RequestInit)
  assert.deepEqual(await (await send(1024 * 1024)).json(), { bytes: 1024 * 1024 })
  const large = await send(1024 * 1024 + 1)
  assert.equal(large.status, 413)
  assert.match(await large.text(), /larger than 1 MB/)
  assert.equal((await send(10, 'application/zip')).status, 400)
})

test('events are numbered and resume after Last-Event-ID', async () => {
  const all = await server.inject({ method: 'GET', url: '/events' })
  assert.equal(all.headers['content-type'], 'text/event-stream')
  assert.equal(all.body, 'id: 1\ndata: 10\n\nid: 2\ndata: 20\n\nid: 3\ndata: 30\n\n')
  const rest = await server.inject({ method: 'GET', url: '/events', headers: { 'last-event-id': '2' } })
  assert.equal(rest.body, 'id: 3\ndata: 30\n\n')
})

test('a stream of lines that fails says so in its last line', async () => {
  const answer = await server.inject({ method: 'GET', url: '/lines' })
  const lines = answer.body.trim().split('\n')
  assert.equal(lines[0], '{"n":1}')
  assert.equal(JSON.parse(lines[1] ?? '').error.code, 'unreachable')
})

test('an upgraded connection is joined to the handler, half-close included', async () => {
  const socket = connect({ port: portOf(), host: '127.0.0.1', allowHalfOpen: true })
  socket.write(
    'POST /duplex HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: maru-stream\r\n\r\nfirst ',
  )
  socket.end('second')
  const answer = await text(socket)
  assert.match(answer, /^HTTP\/1\.1 101 /)
  assert.match(answer, /\r\n\r\nFIRST SECOND$/)
})

test('an upgrade that is not allowed is an ordinary refusal', async () => {
  const socket = connect({ port: portOf(), host: '127.0.0.1' })
  socket.write('POST /refused HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: maru-stream\r\n\r\n')
  const answer = await text(socket)
  assert.match(answer, /^HTTP\/1\.1 401 /)
  assert.match(answer, /"code":"unauthenticated"/)
})

test('many requests on one connection leave nothing behind', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  const { Agent } = await import('node:http')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let i = 0; i < 30; i += 1) {
    await new Promise<void>((resolve, reject) => {
      httpRequest({ port: portOf(), host: '127.0.0.1', path: '/events', agent }, (response) => {
        response.resume().on('end', resolve)
      })
        .on('error', reject)
        .end()
    })
  }
  agent.destroy()
  process.off('warning', note)
  assert.deepEqual(warnings, [])
})

async function waitFor(condition: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 5_000
  while (!condition()) {
    if (Date.now() > giveUpAt) assert.fail('the condition did not come true')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { accountRoutes } from '#contract/accounts.ts'
import { appRoutes, RUN_FRAME } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { type OperationEvent, operationRoutes } from '#contract/operations.ts'
import { encodeFrame, makeFrameReader } from '#runtime/kit/run-frames.ts'
import { makeClient } from './api-client.ts'
import { failing, hangingUp, json, serve } from './test-server.ts'

const QUICK = { answerMs: 2000, retryMs: 2000, resumeMs: 2000, silenceMs: 300 }
const OPERATION = { params: { operation: 'op_abcdefgh' } }
const isLast = (event: OperationEvent) => event.type === 'done' || event.type === 'failed'
const APP = { params: { app: 'shop' } }

function clientOf(t: TestContext, endpoint: Parameters<typeof makeClient>[0]) {
  const troubles: string[] = []
  const client = makeClient(endpoint, { patience: QUICK, onTrouble: (text) => troubles.push(text) })
  t.after(client.close)
  return { client, troubles }
}

const codeOf = (code: string, exit?: number) => (error: unknown) => {
  assert.ok(error instanceof MaruError, String(error))
  assert.equal(error.code, code)
  if (exit !== undefined) assert.equal(error.exit, exit)
  return true
}

test('a request carries its parameters, query, body and idempotency key', async (t) => {
  const { endpoint, seen } = await serve(t, { 'apps.create': [json({ name: 'shop' }, 201)] })
  const { client } = clientOf(t, endpoint)
  const app = await client.call(appRoutes.create, { body: { name: 'shop' }, idempotencyKey: 'key-1' })
  assert.equal(app.name, 'shop')
  assert.equal(seen[0]?.body, '{"name":"shop"}')
  assert.equal(seen[0]?.headers['idempotency-key'], 'key-1')
})

test('bad input names the field and sends nothing', async (t) => {
  const { endpoint, seen } = await serve(t, {})
  const { client } = clientOf(t, endpoint)
  await assert.rejects(client.call(appRoutes.get, { params: { app: '../etc' } }), codeOf('invalid', 2))
  assert.deepEqual(seen, [])
})

test("the server's error arrives as it is; a foreign answer is told as one", async (t) => {
  const { endpoint } = await serve(t, {
    'apps.get': [failing('apps.not_found', { app: 'shop' })],
    'apps.releases': [(_request, response) => void response.writeHead(404).end('<h1>nothing here</h1>')],
  })
  const { client } = clientOf(t, endpoint)
  await assert.rejects(client.call(appRoutes.get, APP), codeOf('apps.not_found', 2))
  await assert.rejects(client.call(appRoutes.releases, APP), codeOf('cli.not_maru', 4))
})

test('reads and idempotent calls are tried again, with the same key', async (t) => {
  const { endpoint, seen } = await serve(t, {
    'apps.list': [failing('database_unavailable'), hangingUp, json({ apps: [] })],
    'apps.restart': [hangingUp, json({ id: 'op_abcdefgh' }, 202)],
  })
  const { client, troubles } = clientOf(t, endpoint)
  assert.deepEqual(await client.call(appRoutes.list, {}), { apps: [] })
  assert.equal(troubles.length, 1)
  await client.call(appRoutes.restart, APP)
  const keys = seen
    .filter(({ route }) => route === 'apps.restart')
    .map(({ headers }) => headers['idempotency-key'])
  assert.equal(keys.length, 2)
  assert.equal(keys[0], keys[1])
})

test('a call that is not idempotent is never repeated', async (t) => {
  const { endpoint, seen } = await serve(t, { 'accounts.createToken': [hangingUp, json({})] })
  const { client } = clientOf(t, endpoint)
  await assert.rejects(
    client.call(accountRoutes.createToken, { body: { name: 'bot' } }),
    codeOf('unreachable'),
  )
  assert.equal(seen.length, 1)
})

test('nobody there is `unreachable`', async (t) => {
  const { client } = clientOf(t, { kind: 'socket', path: '/nowhere/api.sock' })
  const silent = makeClient(client.endpoint, { patience: { ...QUICK, retryMs: 0 } })
  await assert.rejects(silent.call(appRoutes.list, {}), codeOf('unreachable', 4))
})

const sse = (response: ServerResponse, ...events: ReadonlyArray<readonly [number, OperationEvent]>) => {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const [id, event] of events) response.write(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`)
}
const step = (text: string): OperationEvent => ({ type: 'step', step: 'build', text })
const done: OperationEvent = { type: 'done', text: 'Done', url: null, release: 1 }

test('events go on without a gap after a broken, a silent and an ended connection', async (t) => {
  const { endpoint, seen } = await serve(t, {
    'operations.events': [
      (request, response) => {
        sse(response, [1, step('one')], [2, step('two')])
        response.write('id: 3\ndata: {"torn":', () => request.socket.destroy())
      },
      failing('unreachable', { what: 'it' }),
      (_request, response) => sse(response, [3, step('three')]),
      (_request, response) => {
        sse(response, [4, step('four')])
        response.end()
      },
      (_request, response) => {
        sse(response, [5, done])
        response.end()
      },
    ],
  })
  const { client } = clientOf(t, endpoint)
  const events = await Array.fromAsync(client.events(operationRoutes.events, OPERATION, isLast))
  assert.deepEqual(
    events.map((event) => ('text' in event ? event.text : '')),
    ['one', 'two', 'three', 'four', 'Done'],
  )
  assert.deepEqual(
    seen.map(({ headers }) => headers['last-event-id']),
    [undefined, '2', '2', '3', '4'],
  )
})

test('an event stream that stays away is given up, an error in it ends it', async (t) => {
  const away = await serve(t, { 'operations.events': [hangingUp] })
  const impatient = makeClient(away.endpoint, { patience: { ...QUICK, resumeMs: 200 } })
  await assert.rejects(
    Array.fromAsync(impatient.events(operationRoutes.events, OPERATION, isLast)),
    codeOf('unreachable', 4),
  )
  const body = new MaruError('operations.not_found', { operation: 'op_x' }).toBody()
  const failed = await serve(t, {
    'operations.events': [
      (_request, response) => response.end(`event: error\ndata: ${JSON.stringify(body)}\n\n`),
    ],
  })
  const { client } = clientOf(t, failed.endpoint)
  await assert.rejects(
    Array.fromAsync(client.events(operationRoutes.events, OPERATION, isLast)),
    codeOf('operations.not_found'),
  )
})

test('lines arrive one by one; an error line ends them', async (t) => {
  const error = new MaruError('apps.not_found', { app: 'shop' }).toBody()
  const { endpoint, seen } = await serve(t, {
    'apps.logs': [
      (_request, response) => response.end(`{"line":"a"}\n\n{"line":"b"}\n${JSON.stringify(error)}\n`),
    ],
  })
  const { client } = clientOf(t, endpoint)
  const lines: string[] = []
  const read = async () => {
    for await (const { line } of client.lines(appRoutes.logs, { ...APP, query: { tail: 5 } }))
      lines.push(line)
  }
  await assert.rejects(read(), codeOf('apps.not_found'))
  assert.deepEqual(lines, ['a', 'b'])
  assert.equal(seen[0]?.path, '/v1/apps/shop/logs?follow=false&tail=5')
})

test('an upload streams its body; an early refusal is told', async (t) => {
  const { endpoint, seen } = await serve(t, {
    'apps.upload': [json({ source: 'src_abcd' }, 201), failing('apps.source_too_large', { limit: '1 MB' })],
  })
  const { client } = clientOf(t, endpoint)
  await client.upload(appRoutes.upload, APP, Readable.from([Buffer.from('ab'), Buffer.from('cd')]))
  assert.equal(seen[0]?.body, 'abcd')
  assert.equal(seen[0]?.headers['content-type'], 'application/gzip')
  await assert.rejects(
    client.upload(appRoutes.upload, APP, Readable.from([Buffer.from('x')])),
    codeOf('apps.source_too_large', 2),
  )
})

test('a source that fails while it is read is the error that is told', async (t) => {
  const { endpoint } = await serve(t, { 'apps.upload': [json({}, 201)] })
  const { client } = clientOf(t, endpoint)
  const body = new Readable({
    read: () => body.destroy(new MaruError('apps.source_invalid', { reason: 'x' })),
  })
  await assert.rejects(client.upload(appRoutes.upload, APP, body), codeOf('apps.source_invalid', 2))
})

test('a duplex stream carries frames both ways, a refusal is an ordinary error', async (t) => {
  const { endpoint, server } = await serve(t, {})
  server.on('upgrade', (request, socket) => {
    if (request.url?.includes('/foreign/')) {
      const body = JSON.stringify(new MaruError('apps.not_found', { app: 'foreign' }).toBody())
      return socket.end(
        `HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      )
    }
    assert.equal(request.headers.upgrade, 'maru-stream')
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: maru-stream\r\n\r\n')
    const read = makeFrameReader()
    socket.on('data', (chunk: Buffer) => {
      for (const { payload } of read(chunk)) socket.end(encodeFrame(RUN_FRAME.stdout, `got ${payload}`))
    })
  })
  const { client } = clientOf(t, endpoint)
  await assert.rejects(client.duplex(appRoutes.run, { params: { app: 'foreign' } }), codeOf('apps.not_found'))
  const stream = await client.duplex(appRoutes.run, APP)
  stream.write(encodeFrame(RUN_FRAME.stdin, 'hello'))
  const [chunk] = await once(stream, 'data')
  assert.equal(makeFrameReader()(chunk)[0]?.payload.toString(), 'got hello')
  stream.destroy()
})

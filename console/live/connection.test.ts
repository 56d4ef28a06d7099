import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { LiveEvent } from '#contract/live.ts'

/** An hour behind: the browser's clock is not asked. */
const serverTime = () => new Date(Date.now() - 3_600_000).toISOString()

/** A platform that speaks the live stream; `answer` is asked for each connection, and told its number from 1. */
async function serveLive(t: TestContext, answer: (response: ServerResponse, connection: number) => void) {
  let connections = 0
  const server = createServer((_request, response) => {
    connections += 1
    answer(response, connections)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  t.after(() => server.closeAllConnections())
  const { port } = server.address() as AddressInfo
  Object.assign(globalThis, { location: { origin: `http://127.0.0.1:${port}` } })
  t.after(() => Reflect.deleteProperty(globalThis, 'location'))
}

const send = (response: ServerResponse, event: LiveEvent) =>
  response.write(`data: ${JSON.stringify(event)}\n\n`)
const begin = (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  send(response, { type: 'hello', at: serverTime(), version: '1' })
}

/** Listens, and writes down in words what the page would be told. */
async function listenInWords(t: TestContext) {
  const { listen } = await import('./connection.ts')
  const words: string[] = []
  const asOf: Date[] = []
  let heard = Promise.withResolvers<void>()
  const note = (word: string) => {
    words.push(word)
    heard.resolve()
    heard = Promise.withResolvers()
  }
  const leaving = new AbortController()
  t.after(() => leaving.abort())
  listen(
    {
      onHello: () => note('hello'),
      onChanged: (topics) => note(topics.map(({ kind }) => kind).join()),
      onConnection: (connection) => {
        if (connection.state === 'lost') asOf.push(connection.asOf)
        note(connection.state)
      },
    },
    leaving.signal,
  )
  const until = async (...expected: string[]) => {
    while (words.length < expected.length) await heard.promise
    assert.deepEqual(words.slice(0, expected.length), expected)
  }
  return { until, asOf }
}

test('what changed is told; a lost connection is told with the time by the server, and comes back', async (t) => {
  const open: ServerResponse[] = []
  await serveLive(t, (response, connection) => {
    // The second and third find nobody.
    if (connection === 2 || connection === 3) return void response.destroy()
    open.push(response)
    begin(response)
    send(response, { type: 'changed', at: serverTime(), topics: [{ kind: 'apps' }, { kind: 'platform' }] })
  })
  const { until, asOf } = await listenInWords(t)
  await until('hello', 'live', 'apps,platform')
  open[0]?.destroy()
  await until('hello', 'live', 'apps,platform', 'lost', 'hello', 'live')
  const behindMs = Date.now() - (asOf[0]?.getTime() ?? 0)
  assert.ok(Math.abs(behindMs - 3_600_000) < 60_000, `${behindMs} ms behind`)
})

test('the server decides what time it is', async (t) => {
  await serveLive(t, begin)
  const { until } = await listenInWords(t)
  await until('hello', 'live')
  const { serverNow } = await import('./server-clock.ts')
  assert.ok(Math.abs(Date.now() - serverNow().getTime() - 3_600_000) < 60_000)
})

test('a session that is over waits for the sign-in, and is then asked again', async (t) => {
  const { armGate, isGateClosed, openGate, subscribeGate } = await import('../api/sign-in-gate.ts')
  await serveLive(t, (response, connection) => {
    if (connection > 1) return begin(response)
    response.writeHead(401).end('{"error":{"code":"unauthenticated","message":"","hint":"","params":{}}}')
  })
  armGate()
  const closed = Promise.withResolvers<void>()
  t.after(subscribeGate(() => closed.resolve()))
  const { until } = await listenInWords(t)
  await closed.promise
  assert.equal(isGateClosed(), true)
  openGate()
  await until('hello', 'live')
  assert.equal(isGateClosed(), false)
})

import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { makeLog } from '#runtime/kit/log.ts'
import { OPEN_AT_ONCE } from './open-limit.ts'
import { handlers, routes } from './test-routes.ts'
import { makeTestServer } from './test-server.ts'

const lines: string[] = []
const log = makeLog('debug', (line) => lines.push(line))
const server = makeTestServer(routes, handlers, { log })
const portOf = () => (server.server.address() as AddressInfo).port

before(async () => {
  await server.listen({ host: '127.0.0.1', port: 0 })
})
after(async () => {
  await server.close()
})

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 10_000
  while (!(await holds())) {
    if (Date.now() > giveUpAt) assert.fail(what)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('a caller that leaves in the middle of its body is no failure of ours', async () => {
  for (const type of ['application/json', 'application/gzip']) {
    lines.length = 0
    const path = type === 'application/gzip' ? '/upload' : '/count'
    const socket = connect(portOf(), '127.0.0.1')
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: 1000\r\n\r\n{`
    socket.write(head, () => setTimeout(() => socket.destroy(), 50))
    await eventually(`${path} is over`, () => lines.some((line) => line.includes('http.refused')))
    assert.deepEqual(
      lines.filter((line) => line.includes('http.failed')),
      [],
    )
  }
})

const open = () =>
  new Promise<IncomingMessage>((resolve) => {
    get({ port: portOf(), path: '/endless', agent: false }, resolve)
  })

test('one caller has so many streams open and no more; each that it leaves makes room', async () => {
  const all = await Promise.all(Array.from({ length: OPEN_AT_ONCE }, open))
  assert.ok(all.every(({ statusCode }) => statusCode === 200))
  const refused = await open()
  assert.equal(refused.statusCode, 429)
  for (const one of [...all, refused]) one.destroy()
  await eventually('there is room again', async () => {
    const again = await open()
    again.destroy()
    return again.statusCode === 200
  })
})

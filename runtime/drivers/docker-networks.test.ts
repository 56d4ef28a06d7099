import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { makeDocker } from './docker.ts'

/** Says what an engine said that had died while a container of its own ended: nobody's end point keeps the network. */
async function engineWith(t: TestContext, alive: readonly string[], leaving?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'maru-networks-'))
  const members = new Map([
    ['id-1', { Name: 'build-1' }],
    ['id-2', { Name: 'build-2' }],
  ])
  const answerTo = async (request: string, body: () => Promise<string>) => {
    const [, container = ''] = /^GET \/containers\/(.*)\/json$/.exec(request) ?? []
    if (container !== '') return alive.includes(container) ? ([200, {}] as const) : ([404, {}] as const)
    if (request === 'GET /networks/net') return [200, { Containers: Object.fromEntries(members) }] as const
    if (request === 'DELETE /networks/net') {
      if (members.size === 0) return [204, undefined] as const
      // It leaves by itself, right after somebody found it there.
      if (members.size === 1 && leaving !== undefined) members.delete(leaving)
      return [403, { message: 'net has active endpoints' }] as const
    }
    assert.equal(request, 'POST /networks/net/disconnect')
    const { Container, Force } = JSON.parse(await body())
    for (const [id, { Name }] of members) if (Force && Name === Container) members.delete(id)
    return [200, {}] as const
  }
  const server = createServer(async (request, response) => {
    const asked = `${request.method} ${request.url?.replace(/^\/v1\.\d+/, '')}`
    const [status, answer] = await answerTo(asked, () => text(request))
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(answer === undefined ? undefined : JSON.stringify(answer))
  })
  server.listen(join(folder, 'engine.sock'))
  await once(server, 'listening')
  t.after(async () => {
    server.close()
    await rm(folder, { recursive: true })
  })
  return { ...makeDocker(join(folder, 'engine.sock')), left: () => [...members.keys()] }
}

test('end points of containers that are gone keep no network from being removed', async (t) => {
  const { networks, left } = await engineWith(t, [])
  await networks.remove('net')
  assert.deepEqual(left(), [])
})

test('a container that is about to leave keeps its network a moment longer', async (t) => {
  const { networks, left } = await engineWith(t, ['id-2'], 'id-2')
  await networks.remove('net')
  assert.deepEqual(left(), [])
})

test('a network with a container in it is not removed, and the container stays in it', async (t) => {
  const { networks, left } = await engineWith(t, ['id-2'])
  await assert.rejects(networks.remove('net'), { status: 403, message: /active endpoints/ })
  assert.deepEqual(left(), ['id-2'])
})

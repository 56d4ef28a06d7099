import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { HOME, type Installation } from '#contract/installation.ts'
import { openAuthority } from '#platform/trust/index.ts'
import { run } from '#runtime/drivers/process.ts'
import { waitUntil } from '../wait-until.ts'
import type { Outsider } from './other-network.ts'
import { startVisitors } from './visitors.ts'

/** Every address of this network is the machine's own. */
const PREFIX = '127.44'
const here = { host: '127.0.0.1', run: (argv, options) => run(argv as [string], options) } as Outsider

/** An app on this machine that notes who asks, and on which connection: the kernel gives a port again as soon as one has ended. */
async function startApp(t: TestContext) {
  const home = await mkdtemp(join(tmpdir(), 'visitors-'))
  t.after(() => rm(home, { recursive: true }))
  const authority = await openAuthority(join(home, HOME.pki))
  const names = { commonName: 'shop.maru.localhost', dnsNames: ['shop.maru.localhost'], days: 1 }
  const { certPem: cert, keyPem: key } = await authority.issue(names)
  const asked: string[] = []
  const connections = new Set<Socket>()
  const server = createServer({ cert, key }, ({ socket }, response) => {
    asked.push(socket.remoteAddress ?? '')
    connections.add(socket)
    response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, here.host, resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const installation = { domain: 'maru.localhost', ports: { http: 0, https: port } } as Installation
  return { place: { installation, home }, asked, connections }
}

async function visit(t: TestContext, shape: { kept: number; fresh: number }, first: number, count: number) {
  const { place, asked, connections } = await startApp(t)
  const sources = { prefix: PREFIX, first, count }
  const visitors = startVisitors(place, here, 'shop', { shape, restMs: 1, sources })
  const wait = { timeoutS: 20, signal: t.signal }
  await waitUntil('visits', wait, () => visitors.answered() >= 40).finally(visitors.stop)
  assert.deepEqual(visitors.failures(), [])
  assert.equal(asked.length, visitors.answered())
  return { asked, connections }
}

test('new visitors come from another address each time, on connections of their own', async (t) => {
  const { asked, connections } = await visit(t, { kept: 0, fresh: 2 }, 250, 1000)
  const expected = asked.map((_, at) => `${PREFIX}.${(250 + at) >> 8}.${(250 + at) & 255}`)
  assert.deepEqual(asked.toSorted(), expected.toSorted())
  assert.equal(connections.size, asked.length)
})

test('known visitors are few: they come again and again, with a new connection or on one that they keep', async (t) => {
  for (const kept of [0, 2]) {
    const { asked, connections } = await visit(t, { kept, fresh: 2 - kept }, 1, 3)
    assert.deepEqual([...new Set(asked)].sort(), ['127.44.0.1', '127.44.0.2', '127.44.0.3'])
    if (kept === 0) assert.equal(connections.size, asked.length)
    else assert.ok(connections.size <= 3 * kept, `${connections.size} connections`)
  }
})

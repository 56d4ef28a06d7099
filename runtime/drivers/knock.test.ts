import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { knock } from './knock.ts'

async function listening() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { server, at: { host: '127.0.0.1', port } }
}

test('a machine that is there is heard, whether it lets in or refuses', async () => {
  const { server, at } = await listening()
  assert.equal(await knock({ ...at, timeoutMs: 5_000 }), true)
  server.close()
  await once(server, 'close')
  assert.equal(await knock({ ...at, timeoutMs: 5_000 }), true)
})

test('an answer that came while this program had no time is heard, although its time is over', async (t) => {
  const { server, at } = await listening()
  t.after(() => server.close())
  const answered = knock({ ...at, timeoutMs: 50 })
  const end = performance.now() + 300
  while (performance.now() < end);
  assert.equal(await answered, true)
})

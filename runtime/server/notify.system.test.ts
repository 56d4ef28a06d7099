import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { notify, startHub } from './notify.ts'
import { makeTestDatabase, silent } from './test-database.ts'

test('a server that takes the connection and never greets is given up, and the next one is heard', async (t) => {
  const database = await makeTestDatabase()
  t.after(() => database.close())
  const { host = '', port = 0 } = database.connection
  let taken = 0
  const way = createServer((near) => {
    near.on('error', () => undefined)
    taken += 1
    if (taken === 1) return
    const far = connect({ host, port }).on('error', () => near.destroy())
    near.pipe(far).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(way, 'listening')
  t.after(() => way.close())
  const at = way.address() as { port: number }
  const hub = startHub({ ...database.connection, host: '127.0.0.1', port: at.port }, silent)
  t.after(() => hub.close())
  const bell = hub.bell('try')
  assert.equal(await bell.wait(20_000), true, 'woken when it listens')
  assert.equal(taken, 2)
  await notify(database.db, 'try')
  assert.equal(await bell.wait(5_000), true)
  bell.close()
})

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { openPorts, parseListeners } from './listeners.ts'

const shown = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 00000000:1F9A 00000000:0000 0A 00000000:00000000
   1: 0100007F:1F9B 00000000:0000 0A 00000000:00000000
   2: 0101A8C0:1F9C 00000000:0000 0A 00000000:00000000
   3: 0101A8C0:1F9D 0201A8C0:01BB 01 00000000:00000000
`
const shown6 = `  sl  local_address remote_address st
   0: 00000000000000000000000000000000:1F9A 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000001000000:1F9B 00000000000000000000000000000000:0000 0A
   2: 0000000000000000FFFF00000100007F:1F9C 00000000000000000000000000000000:0000 0A
`

test('ports at which somebody listens to others are read, and no connections', () => {
  assert.deepEqual(parseListeners(shown, '0A'), [8090, 8092])
  assert.deepEqual(parseListeners(shown6, '0A'), [8090])
  assert.deepEqual(parseListeners('', '0A'), [])
})

test('a server on this machine is found where it can be reached from outside', async () => {
  const servers = await Promise.all(
    ['0.0.0.0', '127.0.0.1'].map(
      (host) =>
        new Promise<{ port: number; close: () => void }>((resolve) => {
          const server = createServer()
          server.listen(0, host, () => {
            const address = server.address()
            if (address === null || typeof address === 'string') throw new Error('no port')
            resolve({ port: address.port, close: () => server.close() })
          })
        }),
    ),
  )
  const open = await openPorts()
  for (const { close } of servers) close()
  assert.deepEqual(
    servers.map(({ port }) => open.includes(`tcp . ${port}`)),
    [true, false],
  )
})

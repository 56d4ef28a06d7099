import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
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
   3: 0000000000000000FFFF00000101A8C0:1F9D 00000000000000000000000000000000:0000 0A
   4: B80D0120000000000000000009000000:1F9E 00000000000000000000000000000000:0000 0A
`

test('ports at which somebody listens to others are read, where he does, and no connections', () => {
  assert.deepEqual(parseListeners(shown, '0A'), [
    { port: 8090, at: undefined },
    { port: 8092, at: '192.168.1.1' },
  ])
  assert.deepEqual(parseListeners(shown6, '0A'), [
    { port: 8090, at: undefined },
    { port: 8093, at: '192.168.1.1' },
    { port: 8094, at: '2001:db8::9' },
  ])
  assert.deepEqual(parseListeners('', '0A'), [])
})

interface Listening {
  readonly port: number
  readonly close: () => void
}

const listen = (host: string) =>
  new Promise<Listening>((resolve) => {
    const server = createServer()
    server.listen(0, host, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('no port')
      resolve({ port: address.port, close: () => server.close() })
    })
  })
const bindUdp = (host: string) =>
  new Promise<Listening>((resolve) => {
    const socket = createSocket('udp4')
    socket.bind(0, host, () => resolve({ port: socket.address().port, close: () => socket.close() }))
  })

test('a server on this machine is found where it can be reached from outside, and only there', async (t) => {
  const own = Object.values(networkInterfaces())
    .flatMap((one) => one ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  if (own === undefined) return t.skip('this machine has no address but its own')
  const servers = await Promise.all([
    ...['0.0.0.0', '::', '127.0.0.1', '::1', own].map(listen),
    ...['0.0.0.0', '127.0.0.1', own].map(bindUdp),
  ])
  const open = await openPorts()
  for (const { close } of servers) close()
  const [every, every6, loop, loop6, one, udpEvery, udpLoop, udpOne] = servers.map(({ port }) => port)
  const found = (port: number | undefined, protocol = 'tcp') =>
    open.filter((entry) => entry.endsWith(`${protocol} . ${port}`))
  assert.deepEqual([found(every), found(every6)], [[`tcp . ${every}`], [`tcp . ${every6}`]])
  assert.deepEqual([found(loop), found(loop6), found(udpLoop, 'udp')], [[], [], []])
  assert.deepEqual(found(one), [`${own} . tcp . ${one}`])
  assert.deepEqual(
    [found(udpEvery, 'udp'), found(udpOne, 'udp')],
    [[`udp . ${udpEvery}`], [`${own} . udp . ${udpOne}`]],
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersTo } from './answers.ts'
import { TCP } from './packets.ts'

const SCANNER = '198.51.100.2'
const HOST = '198.51.100.1'
const ROUTER = '198.51.100.254'

/** An IPv4 packet. */
function ip(protocol: number, from: string, to: string, body: Buffer): Buffer {
  const head = Buffer.alloc(20)
  head[0] = 0x45
  head[9] = protocol
  for (const [at, part] of [...from.split('.'), ...to.split('.')].entries()) head[12 + at] = Number(part)
  return Buffer.concat([head, body])
}

function tcp(from: string, sourcePort: number, flags: number, to = SCANNER): Buffer {
  const body = Buffer.alloc(20)
  body.writeUInt16BE(sourcePort, 0)
  body.writeUInt16BE(40_000, 2)
  body[13] = flags
  return ip(6, from, to, body)
}

function udp(from: string, sourcePort: number, to: string, port: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt16BE(sourcePort, 0)
  body.writeUInt16BE(port, 2)
  return ip(17, from, to, body)
}

/** Somebody says to the scanner what became of his question. */
const icmp = (from: string, type: number, about: Buffer) =>
  ip(1, from, SCANNER, Buffer.concat([Buffer.from([type, 3, 0, 0, 0, 0, 0, 0]), about]))

const link = (packet: Buffer) => Buffer.concat([Buffer.from('0242ac1100020242ac1100030800', 'hex'), packet])
const heard = (...packets: Buffer[]) => {
  const frames = packets.map((packet) => ({ atMs: 0, bytes: link(packet) }))
  const { open, closed } = answersTo([SCANNER], frames)
  return { open: [...open], closed: [...closed] }
}

test('a port that answers is open, by TCP and by UDP; one that the machine refuses is closed', () => {
  assert.deepEqual(heard(tcp(HOST, 443, TCP.syn | TCP.ack), udp(HOST, 5353, SCANNER, 40_000)), {
    open: [`${HOST} tcp 443`, `${HOST} udp 5353`],
    closed: [],
  })
  const question = udp(SCANNER, 40_000, HOST, 68)
  assert.deepEqual(heard(tcp(HOST, 22, TCP.rst | TCP.ack), icmp(HOST, 3, question)), {
    open: [],
    closed: [`${HOST} tcp 22`, `${HOST} udp 68`],
  })
})

test('an open port that ends a connection, what a router says, pings, and what is for others teach nothing', () => {
  const question = udp(SCANNER, 40_000, HOST, 68)
  assert.deepEqual(heard(tcp(HOST, 443, TCP.syn | TCP.ack), tcp(HOST, 443, TCP.rst)), {
    open: [`${HOST} tcp 443`],
    closed: [],
  })
  assert.deepEqual(
    heard(icmp(ROUTER, 3, question), icmp(HOST, 0, question), tcp(HOST, 22, TCP.rst, '198.51.100.9')),
    { open: [], closed: [] },
  )
})

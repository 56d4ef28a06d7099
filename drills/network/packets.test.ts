import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFrames } from './capture.ts'
import { learnedBy, parsePacket, TCP } from './packets.ts'

const CARDS = '0242ac1100020242ac110003'
const bytes = (hex: string) => Buffer.from(hex, 'hex')

/** A TCP packet as it is on a link. */
function tcp(from: string, sourcePort: number, to: string, port: number, flags: number): Buffer {
  const frame = Buffer.concat([bytes(`${CARDS}0800`), Buffer.alloc(40)])
  frame[14] = 0x45
  frame[23] = TCP.number
  const parts = [...from.split('.'), ...to.split('.')]
  for (const [at, part] of parts.entries()) frame.writeUInt8(Number(part), 26 + at)
  frame.writeUInt16BE(sourcePort, 34)
  frame.writeUInt16BE(port, 36)
  frame[47] = flags
  return frame
}

test('a frame says who sends what to whom', () => {
  const packet = parsePacket(tcp('198.51.100.2', 40_000, '198.51.100.1', 443, TCP.syn))
  assert.deepEqual(packet, {
    ...{ card: '02:42:ac:11:00:03', kind: 'ip', source: '198.51.100.2', destination: '198.51.100.1' },
    ...{ protocol: 6, sourcePort: 40_000, port: 443, flags: TCP.syn },
  })
  const arp = `${CARDS}080600010800060400010242ac1100030a5700010000000000000a570002`
  const { kind, source, destination } = parsePacket(bytes(arp))
  assert.deepEqual([kind, source, destination], ['arp', '10.87.0.1', '10.87.0.2'])
  assert.equal(parsePacket(bytes(`${CARDS}86dd6000`)).kind, 'ip6')
  assert.equal(parsePacket(bytes('00')).kind, 'other')
})

test('a scanner has learned the ports that answered it, with yes or with no', () => {
  const scanner = '198.51.100.2'
  const answer = (port: number, flags: number, to = scanner) =>
    parsePacket(tcp('198.51.100.1', port, to, 40_000, flags))
  const question = (port: number) => parsePacket(tcp(scanner, 40_000, '198.51.100.1', port, TCP.syn))
  const { open, closed } = learnedBy(scanner, [
    ...[443, 22, 23, 80].map(question),
    answer(443, TCP.syn | TCP.ack),
    answer(443, TCP.rst),
    answer(22, TCP.rst | TCP.ack),
    answer(23, TCP.rst | TCP.ack, '198.51.100.6'),
    // Somebody on the host who opens a connection to the scanner's machine, and ends it.
    answer(50_000, TCP.syn),
    answer(50_000, TCP.rst),
  ])
  assert.deepEqual([...open], ['198.51.100.1:443'])
  assert.deepEqual([...closed], ['198.51.100.1:22'])
})

test('a file of frames is read up to the last whole one', () => {
  const record = (atS: number, frame: Buffer) => {
    const head = Buffer.alloc(16)
    head.writeUInt32LE(atS, 0)
    head.writeUInt32LE(250_000, 4)
    head.writeUInt32LE(frame.length, 8)
    return Buffer.concat([head, frame])
  }
  const file = Buffer.concat([
    Buffer.alloc(24),
    record(7, bytes('aabb')),
    record(8, bytes('ccdd')).subarray(0, 17),
  ])
  assert.deepEqual(parseFrames(file), [{ atMs: 7250, bytes: bytes('aabb') }])
  assert.deepEqual(parseFrames(Buffer.alloc(0)), [])
})

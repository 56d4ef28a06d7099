import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/**
 * A name server for a network of a test's own. What it says of a name is other addresses each time, except where the name says
 * what it wants: `many.` sixty of them, `crowd.` more than fit into a packet, `inside.` a private one, `mixed.` one of each kind,
 * `link.` a cloud's.
 */
const PORT = 53
/** Bytes of a packet, as most programs ask for it. */
const LONGEST = 1232
let turn = 0

const publicOne = () => `203.0.113.${1 + (turn++ % 250)}`
const saying: Readonly<Record<string, () => string[]>> = {
  many: () => Array.from({ length: 60 }, publicOne),
  crowd: () => Array.from({ length: 90 }, publicOne),
  inside: () => ['10.1.2.3'],
  mixed: () => [publicOne(), '192.168.1.1'],
  link: () => ['169.254.169.254'],
}

/** The question's name, and the bytes of the question. */
function readQuestion(packet: Buffer) {
  const labels: string[] = []
  let at = 12
  for (let length = packet[at] ?? 0; length > 0; length = packet[at] ?? 0) {
    labels.push(packet.subarray(at + 1, at + 1 + length).toString())
    at += 1 + length
  }
  return { labels, type: packet.readUInt16BE(at + 1), bytes: packet.subarray(12, at + 5) }
}

const recordOf = (address: string) =>
  // A pointer to the question's name; A, IN, a second, four bytes.
  Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)])

function answer(packet: Buffer, isShort: boolean): Buffer {
  const { labels, type, bytes } = readQuestion(packet)
  const records = type === 1 ? (saying[labels[0] ?? ''] ?? (() => [publicOne()]))().map(recordOf) : []
  const isCut = isShort && 12 + bytes.length + records.length * 16 > LONGEST
  const head = Buffer.alloc(12)
  packet.copy(head, 0, 0, 2)
  head.writeUInt16BE(isCut ? 0x8780 : 0x8580, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(isCut ? 0 : records.length, 6)
  return Buffer.concat([head, bytes, ...(isCut ? [] : records)])
}

const udp = createSocket('udp4')
udp.on('message', (packet, { address, port }) => udp.send(answer(packet, true), port, address))
const tcp = createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', (packet: Buffer) => {
    const said = answer(packet.subarray(2), false)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(said.length)
    socket.write(Buffer.concat([length, said]))
  })
})
udp.bind(PORT, () => tcp.listen(PORT, () => process.stdout.write('ready\n')))

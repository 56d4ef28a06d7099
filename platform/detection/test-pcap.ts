/** One side's words in a conversation. */
export interface Said {
  readonly from: 'client' | 'server'
  readonly text: string | Buffer
}

/** A conversation of two addresses, as a capture would show it. */
export interface Talk {
  readonly protocol: 'tcp' | 'udp'
  readonly client: string
  readonly server: string
  /** Of the client: a test knows its conversation again by it. */
  readonly port: number
  readonly to: number
  readonly said: readonly Said[]
}

const SEGMENT = 1400
const FLAGS = { syn: 0x02, synAck: 0x12, ack: 0x10, push: 0x18, fin: 0x11 } as const
type Side = Said['from']

/** The conversations as a file that capture programs read, one after the other. */
export function writeCapture(talks: readonly Talk[]): Buffer {
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt16LE(2, 4)
  head.writeUInt16LE(4, 6)
  head.writeUInt32LE(262_144, 16)
  head.writeUInt32LE(1, 20)
  const frames = talks.flatMap((talk) => (talk.protocol === 'tcp' ? connection(talk) : datagrams(talk)))
  return Buffer.concat([head, ...frames.flatMap((frame, at) => [record(frame.length, at), frame])])
}

function record(length: number, at: number): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32LE(1_900_000_000 + Math.floor(at / 1000), 0)
  head.writeUInt32LE((at % 1000) * 1000, 4)
  head.writeUInt32LE(length, 8)
  head.writeUInt32LE(length, 12)
  return head
}

const datagrams = (talk: Talk): Buffer[] =>
  talk.said.map(({ from, text }) => {
    const body = Buffer.from(text as string)
    const udp = Buffer.alloc(8)
    ports(udp, talk, from)
    udp.writeUInt16BE(8 + body.length, 4)
    return frame(talk, from, 17, Buffer.concat([udp, body]))
  })

function connection(talk: Talk): Buffer[] {
  const next = { client: 1000, server: 5000 }
  const other = (side: Side): Side => (side === 'client' ? 'server' : 'client')
  const send = (from: Side, flags: number, body = Buffer.alloc(0)): Buffer => {
    const tcp = Buffer.alloc(20)
    ports(tcp, talk, from)
    tcp.writeUInt32BE(next[from], 4)
    tcp.writeUInt32BE(flags === FLAGS.syn ? 0 : next[other(from)], 8)
    tcp.writeUInt8(5 << 4, 12)
    tcp.writeUInt8(flags, 13)
    tcp.writeUInt16BE(65_000, 14)
    const opens = flags === FLAGS.syn || flags === FLAGS.synAck || flags === FLAGS.fin
    next[from] += body.length + (opens ? 1 : 0)
    return frame(talk, from, 6, Buffer.concat([tcp, body]))
  }
  const frames = [send('client', FLAGS.syn), send('server', FLAGS.synAck), send('client', FLAGS.ack)]
  for (const { from, text } of talk.said) {
    const body = Buffer.from(text as string)
    for (let at = 0; at < body.length; at += SEGMENT) {
      frames.push(send(from, FLAGS.push, body.subarray(at, at + SEGMENT)))
      frames.push(send(other(from), FLAGS.ack))
    }
  }
  return [...frames, send('client', FLAGS.fin), send('server', FLAGS.fin), send('client', FLAGS.ack)]
}

function ports(head: Buffer, { port, to }: Talk, from: Side): void {
  head.writeUInt16BE(from === 'client' ? port : to, 0)
  head.writeUInt16BE(from === 'client' ? to : port, 2)
}

function frame({ client, server }: Talk, from: Side, protocol: number, body: Buffer): Buffer {
  const ether = Buffer.from('020000000001020000000002' + '0800', 'hex')
  const ip = Buffer.alloc(20)
  ip.writeUInt8(0x45, 0)
  ip.writeUInt16BE(20 + body.length, 2)
  ip.writeUInt8(64, 8)
  ip.writeUInt8(protocol, 9)
  for (const [at, address] of (from === 'client' ? [client, server] : [server, client]).entries())
    for (const [byte, value] of address.split('.').entries()) ip.writeUInt8(Number(value), 12 + at * 4 + byte)
  return Buffer.concat([ether, ip, body])
}

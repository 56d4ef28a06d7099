/** What a frame says about who sends what to whom; ports and flags are 0 where there are none. */
export interface Packet {
  readonly card: string
  readonly kind: 'ip' | 'arp' | 'ip6' | 'other'
  readonly source: string
  readonly destination: string
  readonly protocol: number
  readonly sourcePort: number
  readonly port: number
  readonly flags: number
}

export const TCP = { number: 6, syn: 0x02, rst: 0x04, ack: 0x10 } as const

const KINDS: Readonly<Record<number, Packet['kind']>> = { 2048: 'ip', 2054: 'arp', 34525: 'ip6' }
const NOTHING = { source: '', destination: '', protocol: 0, sourcePort: 0, port: 0, flags: 0 } as const

/** Reads a frame of an Ethernet link. */
export function parsePacket(frame: Buffer): Packet {
  if (frame.length < 14) return { card: '', kind: 'other', ...NOTHING }
  const card = [...frame.subarray(6, 12)].map((one) => one.toString(16).padStart(2, '0')).join(':')
  const kind = KINDS[frame.readUInt16BE(12)] ?? 'other'
  const body = frame.subarray(14)
  if (kind === 'arp' && body.length >= 28) {
    return { card, kind, ...NOTHING, source: ipv4(body, 14), destination: ipv4(body, 24) }
  }
  if (kind !== 'ip' || body.length < 20) return { card, kind, ...NOTHING }
  const protocol = body[9] ?? 0
  const rest = body.subarray(((body[0] ?? 0) & 15) * 4)
  const hasPorts = (protocol === TCP.number || protocol === 17) && rest.length >= 4
  return {
    card,
    kind,
    source: ipv4(body, 12),
    destination: ipv4(body, 16),
    protocol,
    sourcePort: hasPorts ? rest.readUInt16BE(0) : 0,
    port: hasPorts ? rest.readUInt16BE(2) : 0,
    flags: protocol === TCP.number ? (rest[13] ?? 0) : 0,
  }
}

const ipv4 = (bytes: Buffer, at: number) => [...bytes.subarray(at, at + 4)].join('.')

/** What a scanner was told, from the packets on its own link. Who calls the scanner's machine by himself has told it nothing. */
export function learnedBy(scanner: string, packets: readonly Packet[]) {
  const tcp = packets.filter(({ protocol }) => protocol === TCP.number)
  const questions = tcp.filter(({ source, flags }) => source === scanner && (flags & TCP.ack) === 0)
  const asked = new Set(questions.map((one) => `${one.destination}:${one.port} ${one.sourcePort}`))
  const ports = (wanted: number) =>
    new Set(
      tcp
        .filter(({ destination, flags }) => destination === scanner && (flags & wanted) === wanted)
        .filter((one) => asked.has(`${one.source}:${one.sourcePort} ${one.port}`))
        .map((one) => `${one.source}:${one.sourcePort}`),
    )
  const open = ports(TCP.syn | TCP.ack)
  return { open, closed: new Set([...ports(TCP.rst)].filter((port) => !open.has(port))) }
}

import type { Frame } from './capture.ts'
import { type Packet, parsePacket, TCP } from './packets.ts'

/** What somebody outside was told: ports such as `192.0.2.1 tcp 443`. */
export interface Answers {
  /** Somebody answered there. */
  readonly open: ReadonlySet<string>
  /** The machine said that nobody does. */
  readonly closed: ReadonlySet<string>
}

const ETHERNET = 14
const ICMP = { number: 1, header: 8, unreachable: 3 } as const
const UDP = 17

/** Reads it from the packets that came to these addresses, which nobody has any other reason to send to. */
export function answersTo(addresses: readonly string[], frames: readonly Frame[]): Answers {
  const open = new Set<string>()
  const closed = new Set<string>()
  for (const { bytes } of frames) {
    const packet = parsePacket(bytes)
    if (packet.kind !== 'ip' || !addresses.includes(packet.destination)) continue
    if (packet.protocol === UDP) open.add(`${packet.source} udp ${packet.sourcePort}`)
    if (has(packet, TCP.syn | TCP.ack)) open.add(`${packet.source} tcp ${packet.sourcePort}`)
    if (has(packet, TCP.rst)) closed.add(`${packet.source} tcp ${packet.sourcePort}`)
    const refused = refusedIn(packet, bytes)
    if (refused !== undefined) closed.add(refused)
  }
  // Who hears of a connection that he did not mean ends it, and so is told of the port again.
  return { open, closed: new Set([...closed].filter((port) => !open.has(port))) }
}

const has = ({ protocol, flags }: Packet, wanted: number) =>
  protocol === TCP.number && (flags & wanted) === wanted

/** The port that a machine says it does not serve; what a router on the way says is nothing of a port. */
function refusedIn({ protocol, source }: Packet, bytes: Buffer): string | undefined {
  if (protocol !== ICMP.number) return undefined
  const at = ETHERNET + ((bytes[ETHERNET] ?? 0) & 15) * 4
  if (bytes[at] !== ICMP.unreachable) return undefined
  // The question that it is about is written behind, as far as its ports.
  const head = Buffer.concat([bytes.subarray(0, ETHERNET), bytes.subarray(at + ICMP.header)])
  const asked = parsePacket(head)
  if (asked.destination !== source) return undefined
  return `${source} ${asked.protocol === UDP ? 'udp' : asked.protocol === TCP.number ? 'tcp' : asked.protocol} ${asked.port}`
}

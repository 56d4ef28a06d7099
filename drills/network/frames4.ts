/** Who says what to whom, over IPv4. */
export interface Said4 {
  /** Card of whoever sends it. */
  readonly card: string
  readonly source: string
  readonly to: { readonly address: string; readonly card: string }
}

const ICMP = 1
/** An answer that the kernel itself gives: it asks no program whether the message is about something of its. */
const ECHO_REPLY = '0000000000000000'

/** "The way to that address is by another machine of this link" (RFC 792), about a packet that whoever hears it has sent there. */
export function redirected4({ card, source, to }: Said4, way: string, goal: string): Buffer {
  const about = packet(to.address, goal, Buffer.from(ECHO_REPLY, 'hex'))
  const message = Buffer.concat([Buffer.from('05010000', 'hex'), addressBytes(way), about])
  message.writeUInt16BE(sumOf(message), 2)
  const ethernet = Buffer.from(`${to.card}${card}0800`.replaceAll(':', ''), 'hex')
  return Buffer.concat([ethernet, packet(source, to.address, message)])
}

/** A packet of ICMP. */
function packet(from: string, to: string, data: Buffer): Buffer {
  const header = Buffer.from([0x45, 0, 0, 0, 0, 0, 0, 0, 64, ICMP, 0, 0])
  header.writeUInt16BE(20 + data.length, 2)
  const whole = Buffer.concat([header, addressBytes(from), addressBytes(to)])
  whole.writeUInt16BE(sumOf(whole), 10)
  return Buffer.concat([whole, data])
}

const addressBytes = (address: string) => Buffer.from(address.split('.').map(Number))

/** The Internet's checksum (RFC 1071). */
export function sumOf(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}

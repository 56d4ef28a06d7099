import { z } from 'zod'
import { jsonOf } from '#runtime/kit/json.ts'
import { NOTICES, type Notice } from './names.ts'

/** A packet that the kernel told of. */
export interface PacketNotice {
  readonly notice: Notice
  /** Milliseconds. */
  readonly at: number
  /** Empty for what neighbours tell each other (ARP): ulogd 2.0.8 hands on something else as the addresses in it. */
  readonly source: string
  readonly sourcePort: number | null
  readonly destination: string
  readonly port: number | null
  readonly protocol: string
  /** The link that it came in by; of a forged one the instance's port, of a full memory its name. */
  readonly link: string
  readonly card: string
}

const text = z.string().default('')
const port = z.number().int().nullable().default(null)

/** What of a line of the packet log is read; there is much more in it. */
const Line = z.object({
  'oob.prefix': z.string(),
  'oob.in': text,
  'ip.protocol': z.number().int().optional(),
  'mac.saddr.str': text,
  src_ip: text,
  dest_ip: text,
  src_port: port,
  dest_port: port,
})

const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmp6',
  132: 'sctp',
}

/** Reads a line of the packet log; undefined when it is not about one of the guard's packets. */
export function parseNotice(line: string, now: number): PacketNotice | undefined {
  const parsed = Line.safeParse(jsonOf(line))
  if (!parsed.success) return undefined
  const { data } = parsed
  const [word, link = data['oob.in']] = data['oob.prefix'].split(' ')
  const notice = NOTICES.find((one) => one === word)
  if (notice === undefined) return undefined
  const number = data['ip.protocol']
  return {
    notice,
    at: now,
    source: data.src_ip,
    sourcePort: data.src_port,
    destination: data.dest_ip,
    port: data.dest_port,
    protocol: number === undefined ? 'arp' : (PROTOCOLS[number] ?? String(number)),
    link,
    card: data['mac.saddr.str'],
  }
}

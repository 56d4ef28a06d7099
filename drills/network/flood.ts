import { makeNft } from '#runtime/drivers/nft.ts'
import type { Outsider } from './other-network.ts'

/** Senders that are forged: of a range for documents (RFC 5737) that leads back to the attacker, so that no answer goes into the world. */
const SENDERS = { network: '203.0.113.0/24', prefix: '203.0.113.', count: 250 } as const

/** A flood that ends by itself: hping3 with a number of packets. */
export interface Flood {
  readonly what: string
  readonly argv: readonly string[]
}

/** Packets a second and seconds of each flood: enough to fill queues, and bounded. */
export const RATE = { perSecond: 10_000, seconds: 8 } as const
const PACE = ['-i', `u${1_000_000 / RATE.perSecond}`, '-c', String(RATE.perSecond * RATE.seconds)] as const

/** The kinds of flood, at the edge's port where they have one. */
export const floods = ({ host }: Outsider, port: number): Flood[] => [
  { what: 'SYN', argv: ['hping3', '-q', '-S', ...PACE, '-p', String(port), host] },
  { what: 'UDP', argv: ['hping3', '-q', '--udp', ...PACE, '-d', '64', '-p', String(port), host] },
  { what: 'ICMP', argv: ['hping3', '-q', '--icmp', ...PACE, '-d', '64', host] },
]

/** Has every packet that leaves the attacker come from somebody else, in turn; the host's answers come back to the attacker. */
export async function forgeSenders(attacker: Outsider): Promise<void> {
  const senders = Array.from({ length: SENDERS.count }, (_, at) => `${at} : ${SENDERS.prefix}${at + 1}`)
  const choose = `numgen inc mod ${SENDERS.count} map { ${senders.join(', ')} }`
  await makeNft(attacker.enter([])).load(`table ip forge {
  chain leaving {
    type filter hook output priority raw; policy accept;
    ip saddr ${attacker.address} ip saddr set ${choose}
  }
}
`)
}

/** Leads the host's answers to forged senders to the attacker; the cable that they go by ends with him. */
export const answersComeTo = ({ address, change }: Pick<Outsider, 'address' | 'change'>) =>
  change('route', 'replace', SENDERS.network, 'via', address)

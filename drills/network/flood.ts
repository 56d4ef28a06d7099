import { makeNft } from '#runtime/drivers/nft.ts'
import type { Outsider } from './other-network.ts'

/** Senders that are forged: of a range for documents (RFC 5737) that leads back to the attacker, so that no answer goes into the world. */
const SENDERS = { network: '203.0.113.0/24', prefix: '203.0.113.', count: 250 } as const

/** A flood, by hping3 as fast as it can. It is ended after its time. */
export interface Flood {
  readonly what: string
  readonly argv: readonly string[]
}

/** How long each flood lasts, and the most packets a second that the attacker's own cable takes. */
export const FLOOD = { seconds: 8, mostPerSecond: 20_000, leastPerSecond: 1000 } as const
const FAST = ['hping3', '-q', '--flood'] as const
/** Bytes of each packet on the cable, headers of Ethernet and IP among them: an opening packet's, and the others are as long. */
const PACKET_BYTES = 54
/** With the headers of UDP and ICMP, which are 8 bytes long, they are as long as one with that of TCP. */
const FILLING = ['-d', '12'] as const
/** How many packets may leave at once after a rest, and wait. */
const BURST = { packets: FLOOD.mostPerSecond / 10, waiting: FLOOD.mostPerSecond / 5 } as const

/** The kinds of flood, at the edge's port where they have one. */
export const floods = ({ host }: Outsider, port: number): Flood[] => [
  { what: 'SYN', argv: [...FAST, '-S', '-p', String(port), host] },
  { what: 'UDP', argv: [...FAST, '--udp', ...FILLING, '-p', String(port), host] },
  { what: 'ICMP', argv: [...FAST, '--icmp', ...FILLING, host] },
]

/** Carries a flood out; gives the packets a second that it had. */
export async function carryOutFlood(attacker: Outsider, { what, argv }: Flood): Promise<number> {
  const { timedOut, stderr } = await attacker.run(argv, { timeoutMs: FLOOD.seconds * 1000 })
  if (!timedOut) throw new Error(`the ${what} flood ended by itself: ${stderr.trim().split('\n').at(-1)}`)
  const { stdout } = await attacker.run(['nft', 'reset', 'counter', 'ip', 'forge', 'sent'])
  const perSecond = Math.round(Number(/packets (\d+)/.exec(stdout)?.[1] ?? 0) / FLOOD.seconds)
  if (perSecond < FLOOD.leastPerSecond) throw new Error(`no ${what} flood: ${perSecond} packets a second`)
  return perSecond
}

/** Has every packet that leaves the attacker come from somebody else, in turn; the host's answers come back to the attacker. */
export async function forgeSenders(attacker: Outsider): Promise<void> {
  const senders = Array.from({ length: SENDERS.count }, (_, at) => `${at} : ${SENDERS.prefix}${at + 1}`)
  const choose = `numgen inc mod ${SENDERS.count} map { ${senders.join(', ')} }`
  await makeNft(attacker.enter([])).load(`table ip forge {
  counter sent { }
  chain leaving {
    type filter hook output priority raw; policy accept;
    counter name sent
    ip saddr ${attacker.address} ip saddr set ${choose}
  }
}
`)
}

/**
 * Lets no more leave than the machine can bear. Whoever sends faster waits; the packet filter could only refuse, and with the first
 * packet that is refused hping3 ends.
 */
export async function slowCable(attacker: Outsider): Promise<void> {
  const bytes = (packets: number) => String(packets * PACKET_BYTES)
  const rate = `${FLOOD.mostPerSecond * PACKET_BYTES * 8}bit`
  const shape = ['tbf', 'rate', rate, 'burst', bytes(BURST.packets), 'limit', bytes(BURST.waiting)]
  const tc = ['tc', 'qdisc', 'replace', 'dev', 'eth0', 'root', ...shape]
  const { exitCode, stderr } = await attacker.run(tc)
  if (exitCode !== 0) throw new Error(`the attacker's cable could not be slowed: ${stderr.trim()}`)
}

/** Leads the host's answers to forged senders to the attacker; the cable that they go by ends with him. */
export const answersComeTo = ({ address, change }: Pick<Outsider, 'address' | 'change'>) =>
  change('route', 'replace', SENDERS.network, 'via', address)

import { readText } from '#runtime/drivers/files.ts'
import { makeIp } from '#runtime/drivers/ip.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { NothingProven } from '../not-measured.ts'
import type { Outsider } from './other-network.ts'

/**
 * Senders that are forged: another one for each packet, of a range that is kept for later (RFC 1112), so that nobody in the world has
 * it. It leads back to the attacker, where answers end.
 */
const SENDERS = { network: '243.0.0.0/8', first: '243.0.0.0', rest: '0.255.255.255' } as const

export type FloodName = 'SYN' | 'UDP' | 'ICMP'

/** A flood, by hping3 as fast as one processor can. It is ended after its time. */
export interface Flood {
  readonly what: FloodName
  readonly argv: readonly string[]
}

/** How long each flood lasts, and how many packets a second have to arrive for it to be one. */
export const FLOOD = { seconds: 1.5, leastPerSecond: 20_000 } as const
/** One processor is its own, and what it leaves of the others is the same whether its packets arrive or not. */
const FAST = ['nice', '-n', '-10', 'taskset', '-c', '0', 'hping3', '-q', '--flood', '--rand-source'] as const
/** With the headers of UDP and ICMP, which are 8 bytes long, packets are as long as one with that of TCP. */
const FILLING = ['-d', '12'] as const

/** The kinds of flood, at the edge's port where they have one. */
export const floods = ({ host }: Outsider, port: number): [Flood, ...Flood[]] => [
  { what: 'SYN', argv: [...FAST, '-S', '-p', String(port), host] },
  { what: 'UDP', argv: [...FAST, '--udp', ...FILLING, '-p', String(port), host] },
  { what: 'ICMP', argv: [...FAST, '--icmp', ...FILLING, host] },
]

/** Carries a flood out. */
export async function carryOutFlood(attacker: Outsider, { what, argv }: Flood): Promise<void> {
  const { timedOut, stderr } = await attacker.run(argv, { timeoutMs: FLOOD.seconds * 1000 })
  if (!timedOut)
    throw new NothingProven(`the ${what} flood ended by itself: ${stderr.trim().split('\n').at(-1)}`)
}

/** Packets that have come to the host by the attacker's cable. */
export const arrivedAtHost = async ({ link }: Outsider): Promise<number> =>
  Number(await readText(`/sys/class/net/${link}/statistics/rx_packets`))

/** A flood's packets a second, as the host has counted them; with too few there was none. */
export function paceOfFlood({ what }: Flood, perSecond: number): number {
  if (perSecond >= FLOOD.leastPerSecond) return Math.round(perSecond)
  throw new NothingProven(
    `no ${what} flood: ${Math.round(perSecond)} packets a second arrived, of at least ${FLOOD.leastPerSecond}`,
  )
}

/** An end of a cable that leads nowhere: what is sent there costs the sender as much, and reaches nobody. */
const NOWHERE = { from: 'nothing', to: 'nowhere', card: '02:00:00:00:00:01' } as const

/** Has every packet to the host come from somebody else. Answers to them come back to the attacker, and end there. */
export async function forgeSenders(attacker: Outsider): Promise<void> {
  const { from, to } = NOWHERE
  await attacker.change('link', 'add', from, 'type', 'veth', 'peer', 'name', to)
  for (const end of [from, to]) await attacker.change('link', 'set', end, 'up')
  await makeNft(attacker.enter([])).load(`table ip forge {
  chain leaving {
    type filter hook output priority raw; policy accept;
    ip daddr ${attacker.host} ip saddr set ip saddr & ${SENDERS.rest} | ${SENDERS.first}
  }
  chain coming {
    type filter hook prerouting priority raw; policy accept;
    iifname "${to}" drop
    ip daddr ${SENDERS.network} drop
  }
}
`)
  await makeIp([]).change('route', 'replace', SENDERS.network, 'via', attacker.address)
}

/** Does something while all that the attacker sends to the host goes nowhere. */
export async function goingNowhere<T>(attacker: Outsider, work: () => Promise<T>): Promise<T> {
  const { from, card } = NOWHERE
  const [way, neighbour] = [
    [`${attacker.host}/32`, 'dev', from],
    [attacker.host, 'dev', from],
  ] as const
  await attacker.change('neighbour', 'replace', ...neighbour, 'lladdr', card, 'nud', 'permanent')
  await attacker.change('route', 'replace', ...way)
  const done = await work()
  await attacker.change('route', 'delete', ...way)
  return done
}

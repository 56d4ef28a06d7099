import type { EventKind, NetworkEvent } from '#contract/guard.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { MEMORY_WORDS } from './memory-words.ts'
import { MEMORIES, type Notice } from './names.ts'
import type { PacketNotice } from './notice.ts'

/** What is said of a packet, and what of its event. */
export interface Manner {
  readonly kind: EventKind
  /** What else events of one source must have in common to be one. */
  readonly topic?: string
  readonly more?: Pick<NetworkEvent, 'target_app' | 'finding_info'>
  readonly severity: number
  readonly disposition: NetworkEvent['disposition']
  /** Whose doing it is, where it does not matter whose packet it was. */
  readonly who?: string
  readonly message: (source: string, ports: string, last: Noted) => string
}

/** What an event is made of. */
export type Noted = Pick<PacketNotice, 'at' | 'source' | 'sourcePort' | 'destination' | 'port' | 'protocol'>

const ROUND = new Intl.NumberFormat('en')

const MANNERS: Readonly<Record<Exclude<Notice, 'probe' | 'full'>, Manner>> = {
  hold: {
    kind: 'scan',
    severity: 3,
    disposition: 'Blocked',
    message: (source, ports) =>
      `${source} searched for open ports (${ports}) and reaches only the platform's own for a while.`,
  },
  trick: {
    kind: 'malformed',
    severity: 3,
    disposition: 'Blocked',
    message: (source, ports) =>
      `${source} sent packets that no honest program sends (${ports}); they were dropped.`,
  },
  flood: {
    kind: 'flood',
    severity: 4,
    disposition: 'Blocked',
    message: (source, ports) =>
      `${source} sent faster than allowed (${ports}); what was too much was dropped.`,
  },
  floods: {
    kind: 'flood',
    topic: 'all',
    severity: 4,
    disposition: 'Blocked',
    who: 'many',
    message: (_, ports) =>
      `Many senders together sent faster than allowed (${ports}); what was too much was dropped, whoever sent it.`,
  },
  openings: {
    kind: 'flood',
    topic: 'openings',
    severity: 4,
    disposition: 'Logged',
    who: 'many',
    message: (_, ports) =>
      `More than ${ROUND.format(KERNEL_LIMITS.synOfAll)} opening packets a second came from senders that had completed no connection (${ports}), as in a SYN flood with forged senders. None was dropped for that: the kernel answers them without memory, and visitors get in.`,
  },
  exhaust: {
    kind: 'exhaustion',
    severity: 4,
    disposition: 'Blocked',
    message: (source, ports) => `${source} has too many connections open and gets no new ones (${ports}).`,
  },
  engaged: {
    kind: 'engagement',
    severity: 1,
    disposition: 'Logged',
    message: (source, ports) => `${source} tests as agreed (${ports}).`,
  },
  inside: {
    kind: 'instance scan',
    severity: 4,
    disposition: 'Blocked',
    message: (source, ports) =>
      `The instance at ${source} searched the network (${ports}); it opens no connections to new places for a while.`,
  },
  spoof: {
    kind: 'spoofing',
    severity: 4,
    disposition: 'Blocked',
    message: (source) => `A container sent as ${source}, which is not its address; none of it got out.`,
  },
  forged: {
    kind: 'spoofing',
    severity: 4,
    disposition: 'Blocked',
    who: 'outside',
    message: (_, ports, { source }) =>
      `Somebody outside sent packets (${ports}) as if they came from the inside, the last as ${source}; none got in.`,
  },
}

/** What an instance, a build or a part tells its neighbours; the address that it claims is not known, so it is told under its own. */
const NEIGHBOURS: Manner = {
  ...MANNERS.spoof,
  topic: 'arp',
  message: (source) =>
    `The container at ${source} told its neighbours that another's address is its own; none of them heard it.`,
}

/** What is full stands where another packet's link does. */
function fullManner(named: string): Manner {
  const memory = MEMORIES.find((one) => one === named) ?? 'probed'
  return {
    ...{ kind: 'memory full', topic: memory, severity: 4, disposition: 'Logged', who: 'many' },
    message: () => MEMORY_WORDS[memory],
  }
}

/** What is said of a packet that the kernel told of; undefined where people need not hear of it. */
export function mannerOf({ notice, protocol, link }: PacketNotice): Manner | undefined {
  if (notice === 'probe') return undefined
  if (notice === 'full') return fullManner(link)
  return notice === 'spoof' && protocol === 'arp' ? NEIGHBOURS : MANNERS[notice]
}

/** A port with its protocol, or a protocol that has none. */
export function portOf({ port, protocol }: Pick<Noted, 'port' | 'protocol'>): string {
  if (port !== null) return `${port}/${protocol}`
  return /^\d+$/.test(protocol) ? `protocol ${protocol}` : protocol
}

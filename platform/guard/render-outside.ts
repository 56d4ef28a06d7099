import { KERNEL_LIMITS } from './limits.ts'
import { type Family, FOUR, SIX } from './render-sets.ts'
import {
  both,
  type Chains,
  FLOODED,
  insideOf,
  KEPT_OUT,
  over,
  type Place,
  SYN,
  tell,
  tellFull,
} from './rules.ts'

/** What becomes of packets from outside that belong to no open connection. */
export const outsideChains = (place: Place, group: number): Chains => [
  ...knownChains(group),
  askedChain(group),
  ...floodChains(place, group),
  ...searchChains(group),
  ...rateChains(group),
]

const isHeld = both(({ v, source }) => `${source} @held${v} ${KEPT_OUT} drop`)

/** The host's own address of the link that a packet comes by: which others have it, too, a link-local one does not say. */
export const OWN_ON_LINK = 'fib saddr . iif type local goto g_forged'

/** Only who has seen the host's answer can send what leads here: a forged sender does not become known, and who goes on stays it. */
const knownChains = (group: number): Chains => [
  [
    'g_known',
    [
      ...both(({ v, source }) => `update @proven${v} { ${source} . tcp dport } return`),
      tellFull(group, 'proven'),
    ],
  ],
]

/** Services that answer by UDP what hosts and apps ask: names, time, and pages by QUIC. */
const ASKED_BY_UDP = '{ 53, 123, 443, 853 }'

/** Whom the host, or what runs on it, asks by UDP: his answer can come late. */
const askedChain = (group: number): Chains[number] => [
  'g_asks',
  both(
    ({ v, asked }) => `update @asked${v} { ${asked} . udp dport }`,
    ({ v, asked }) => `${asked} . udp dport != @asked${v} ${tellFull(group, 'asked')}`,
  ),
]

/** What opens a way out by which answers come. */
export const ASKS = `ct state new udp dport ${ASKED_BY_UDP} jump g_asks`

/** Who is not known gets no more opening packets through than a person could need; and what has no honest sender. */
function floodChains(place: Place, group: number): Chains {
  const { synPerSecond, synBurst, synOfAll } = KERNEL_LIMITS
  const opening = ({ v, source }: Family, forged: readonly string[]) => [
    `${source} . tcp dport @proven${v} return`,
    ...forged,
    // The host's own, that to which the packet goes among them.
    'fib saddr type local goto g_forged',
    `update @syn${v} { ${source} ${over(synPerSecond, synBurst)} } goto g_flood`,
    `${source} != @syn${v} ${tellFull(group, 'syn')}`,
    // One who searches fast is told of as that.
    `${source} @held${v} return`,
    'goto g_openings',
  ]
  return [
    ['g_flood', [tell(group, 'flood', 2), `${FLOODED} drop`]],
    ['g_floods', [tell(group, 'floods', 2), `${FLOODED} drop`]],
    ['g_forged', [tell(group, 'forged', 5), `${FLOODED} drop`]],
    // Never dropped: the kernel answers them without memory, and who answers that is known.
    ['g_openings', [`${over(synOfAll)} ${FLOODED} ${tell(group, 'openings', 1)}`]],
    ['g_syn', opening(FOUR, [`ip saddr ${insideOf(place)} goto g_forged`])],
    ['g_syn6', opening(SIX, [OWN_ON_LINK])],
  ]
}

/**
 * Who asks for many ports. Each pair counts once: how often a client connects to one does not matter. Where a memory has no room,
 * closed ports stay silent, each packet to them counts, and open ones answer. What is remembered for an hour takes no more a second
 * than it has room for in an hour, so that a flood of forged senders does not fill it for who comes after.
 */
const searchChains = (group: number): Chains => [
  [
    'g_hold',
    [
      ...both(
        ({ v, source }) => `add @held${v} { ${source} }`,
        ({ v, source }) => `${source} != @held${v} ${tellFull(group, 'held')}`,
      ),
      tell(group, 'hold', 20),
      `${FLOODED} drop`,
    ],
  ],
  ['g_engaged', [tell(group, 'engaged', 5), 'accept']],
  ...visitChains(group),
  ...probeChains(group),
]

/** Ports at which other programs listen. */
function visitChains(group: number): Chains {
  const { openPorts } = KERNEL_LIMITS
  const many = `limit rate over ${openPorts}/minute burst ${openPorts} packets`
  const isNew = ({ v, source }: Family) => `${SYN} ${source} . tcp dport != @visited${v}`
  return [
    [
      'g_many',
      both(
        ({ v, source }) => `update @many${v} { ${source} ${many} } jump g_hold`,
        ({ v, source }) => `${source} != @many${v} ${tellFull(group, 'many')}`,
      ),
    ],
    [
      'g_visit',
      both(
        (family) => `${isNew(family)} add @visited${family.v} { ${family.source} . tcp dport } jump g_many`,
        (family) => `${isNew(family)} ${tellFull(group, 'visited')}`,
      ),
    ],
  ]
}

/** Senders beyond number fill what is remembered for an hour. This is forgotten within a minute, so that who searches then is held. */
function pressChain(group: number): Chains[number] {
  const { pressedPerMinute } = KERNEL_LIMITS
  const press = `limit rate over ${pressedPerMinute}/minute burst ${pressedPerMinute} packets`
  return [
    'g_press',
    both(
      ({ v, source }) => `update @pressed${v} { ${source} ${press} } jump g_hold`,
      ({ v, source }) => `${source} != @pressed${v} ${tellFull(group, 'pressed')}`,
    ),
  ]
}

/** Ports at which nobody listens, and what is no question at all. */
function probeChains(group: number): Chains {
  const { closedPorts, closedPortsPerHour, questionsPerSecond, questionsAtOnce } = KERNEL_LIMITS
  const few = `limit rate ${questionsPerSecond}/second burst ${questionsAtOnce} packets`
  const deny = `limit rate over ${closedPortsPerHour}/hour burst ${closedPorts} packets`
  const port = ({ v, source }: Family) => [`probed${v}`, `${source} . meta l4proto . th dport`] as const
  const protocol = ({ v, source }: Family) => [`spoken${v}`, `${source} . meta l4proto`] as const
  type Asked = typeof port | typeof protocol
  const count = (asked: Asked) => (family: Family) => {
    const [set, key] = asked(family)
    return `${key} != @${set} ${few} add @${set} { ${key} } jump g_probe`
  }
  const unless = (asked: Asked, end: string) => (family: Family) => {
    const [set, key] = asked(family)
    return `${key} != @${set} ${end}`
  }
  const counted = (asked: Asked, memory: 'probed' | 'spoken') =>
    both(count(asked), unless(asked, tellFull(group, memory)), unless(asked, 'jump g_press'))
  const elseSilent = (asked: Asked) => both(unless(asked, `${FLOODED} drop`))
  const uncounted = ({ v, source }: Family) => `${source} != @denied${v}`
  return [
    pressChain(group),
    [
      'g_probe',
      [
        tell(group, 'probe', 50),
        ...both(
          ({ v, source }) => `update @denied${v} { ${source} ${deny} } jump g_hold`,
          (family) => `${uncounted(family)} ${tellFull(group, 'denied')}`,
          (family) => `${uncounted(family)} jump g_press`,
          (family) => `${uncounted(family)} ${FLOODED} drop`,
        ),
      ],
    ],
    // One chain, so that all who come to it have one allowance together.
    ['g_question', counted(port, 'probed')],
    // Flags that no honest sender sets: a question like others, and never answered. One of them holds nobody.
    ['g_trick', [...isHeld, 'jump g_question', tell(group, 'trick', 20), `${FLOODED} drop`]],
    [
      'g_closed',
      [
        'tcp flags & rst == rst accept',
        // Answers that come late to questions of the host; others that only look like one are questions.
        ...both(({ v, address }) => `udp sport ${ASKED_BY_UDP} ${address} . udp sport @asked${v} accept`),
        // No room to remember it: nothing is lost, since nobody listens there.
        'jump g_question',
        ...elseSilent(port),
      ],
    ],
    ['g_protocol', [...isHeld, ...counted(protocol, 'spoken'), ...elseSilent(protocol)]],
  ]
}

/**
 * How much a source may send that nobody has answered, and who has too many connections open to other programs of the host:
 * the agent counts those that are complete, so that nobody is shut out by forged packets. Those to the platform's own ports
 * are the edge's to count. Whom no memory has room for is still within the limit of all.
 */
function rateChains(group: number): Chains {
  const { datagramsPerSecond, datagramsOfAll, pingsPerSecond, pingsOfAll } = KERNEL_LIMITS
  return [
    ['g_exhaust', [tell(group, 'exhaust', 2), `${FLOODED} drop`]],
    [
      'g_ping',
      [
        ...both(
          ({ v, address }) => `${address} @partner${v} return`,
          ({ v, source }) =>
            `meta nfproto ipv${v} update @ping${v} { ${source} ${over(pingsPerSecond)} } goto g_flood`,
          ({ v, source }) => `${source} != @ping${v} ${tellFull(group, 'ping')}`,
        ),
        `${over(pingsOfAll)} goto g_floods`,
      ],
    ],
    [
      'g_rate',
      [
        ...both(
          ({ v, source }) => `update @udp${v} { ${source} ${over(datagramsPerSecond)} } goto g_flood`,
          ({ v, source }) => `${source} != @udp${v} ${tellFull(group, 'udp')}`,
        ),
        `${over(datagramsOfAll, datagramsOfAll)} goto g_floods`,
      ],
    ],
  ]
}

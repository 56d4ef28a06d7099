import type { Family } from './render-sets.ts'
import { both, type Chains, KEPT_OUT, SYN, tellFull, WITH_PORTS } from './rules.ts'

/** Who asks whom behind the host, at which port: the kernel has led the packet on already. */
const asking = ({ source, asked }: Family) => `${source} . ${asked} . th dport`

/**
 * Ports of the host that lead to somebody else, such as those that other containers publish: judged as ports at which other programs
 * of the host listen. What a host passes on as a router was never addressed to it, and is not judged.
 */
export const publishedChains = (group: number): Chains => [
  [
    'g_reached',
    [
      ...both((family) => `update @reached${family.v} { ${asking(family)} } accept`),
      `${tellFull(group, 'reached')} accept`,
    ],
  ],
  [
    'g_published',
    both(
      ({ v, address }) => `${address} @partner${v} accept`,
      ({ v, address }) => `${address} @engaged${v} jump g_engaged`,
      (family) => `${asking(family)} @reached${family.v} accept`,
      ({ v, source }) => `${WITH_PORTS} ${source} @held${v} ${KEPT_OUT} drop`,
      (family) =>
        `${SYN} ${asking(family)} != @published${family.v} add @published${family.v} { ${asking(family)} } jump g_many`,
      (family) => `${SYN} ${asking(family)} != @published${family.v} ${tellFull(group, 'published')}`,
    ),
  ],
]

/** In front of what else is passed on: who has seen the answer of a published port is known to it. */
export const REACHES_PUBLISHED =
  'ct status dnat ct state established ct status assured ct direction original tcp flags & (syn | rst | ack) == ack goto g_reached'

/** Behind what is never an attacker from outside. */
export const TO_PUBLISHED = 'ct status dnat goto g_published'

import { COUNTERS, guardTableOf, logGroupOf } from './names.ts'
import { insideChains, PAIR } from './render-inside.ts'
import { ASKS, OWN_ON_LINK, outsideChains } from './render-outside.ts'
import { publishedChains, REACHES_PUBLISHED, TO_PUBLISHED } from './render-published.ts'
import { type Family, FOUR, renderSets, SIX } from './render-sets.ts'
import {
  both,
  bridgesOf,
  type Chains,
  insideOf,
  KEPT_OUT,
  named,
  type Place,
  SYN,
  tellFull,
  WITH_PORTS,
  webPorts,
} from './rules.ts'

export type { Place } from './rules.ts'

/** The chains of the kernel that the guard stands in, before those that decide who may speak to whom. */
const HOOKS = {
  g_early: 'type filter hook prerouting priority raw; policy accept;',
  g_input: 'type filter hook input priority filter - 30; policy accept;',
  g_forward: 'type filter hook forward priority filter - 30; policy accept;',
  g_output: 'type filter hook output priority filter - 30; policy accept;',
} as const

/**
 * What stops attacks in the kernel. The table is never deleted and its sets are never emptied: chains are flushed and
 * filled in one transaction, so that who is held or proven stays so. Nothing here drops a packet of a connection that
 * is open, unless the source is in `blocked`, which only people fill. Keys of IPv6 are networks of 64 bits: who has one
 * address of it has all.
 */
export function renderGuard(place: Place): string {
  const table = `inet ${guardTableOf(place)}`
  const chains = chainsOf(place)
  const body = chains.map(([name, rules]) => block(name, rules)).join('')
  const empty = chains.map(([name]) => block(name, name in HOOKS ? [HOOKS[name as keyof typeof HOOKS]] : []))
  return `table ${table} {
${renderSets()}${Object.values(COUNTERS)
  .map((name) => `  counter ${name} { }\n`)
  .join('')}${empty.join('')}}
${chains.map(([name]) => `flush chain ${table} ${name}\n`).join('')}table ${table} {
${body}}
`
}

const block = (name: string, rules: readonly string[]) =>
  `  chain ${name} {\n${rules.map((rule) => `    ${rule}\n`).join('')}  }\n`

/** In the order in which they must exist: a chain is known before another jumps to it. */
function chainsOf(place: Place): Chains {
  const group = logGroupOf(place)
  return [
    ...outsideChains(place, group),
    ...publishedChains(group),
    ...insideChains(place, group),
    // Unlike IPv4, the kernel takes the machine's own address as a sender from outside. Opening packets have been looked at.
    [
      'g_early6',
      [
        ...addressedRules(SIX, 'g_syn6'),
        'meta l4proto != tcp fib saddr type local goto g_forged',
        `meta l4proto != tcp ${OWN_ON_LINK}`,
      ],
    ],
    ['g_early', earlyRules(place)],
    ['g_input', inputRules(place)],
    ['g_passing', [...homely(place), `ip saddr ${insideOf(place)} goto g_forged`, TO_PUBLISHED]],
    ['g_forward', forwardRules(place, group)],
    // What the host itself sends is mostly TCP.
    ['g_output', ['meta l4proto != udp accept', ASKS]],
  ]
}

/** What is never an attacker from outside: the host itself, and whatever an engine runs on it. Every packet comes here, so names are one look. */
const homely = (place: Place, others: readonly string[] = []) => [
  `iifname ${named(['lo', 'docker0', 'docker_gwbridge', ...bridgesOf(place).trusted, ...others])} accept`,
  `${place.outward?.length ? `iifname != ${named(place.outward)} ` : ''}iifname "br-*" accept`,
]

/** Of every packet from outside that is addressed to the host; of open connections, too, so there is little of it. */
const addressedRules = ({ v, address }: Family, opening: string) => [
  `${address} @partner${v} accept`,
  `${address} @blocked${v} ${KEPT_OUT} drop`,
  `${SYN} goto ${opening}`,
]

function earlyRules(place: Place): string[] {
  return [
    ...homely(place, bridgesOf(place).untrusted),
    'fib daddr type != local accept',
    'meta nfproto ipv6 goto g_early6',
    ...addressedRules(FOUR, 'g_syn'),
    // The kernel drops the machine's own as sender behind this, and says nothing.
    `meta l4proto != tcp ip saddr { 127.0.0.0/8, ${insideOf(place)} } goto g_forged`,
  ]
}

/** What a host answers by ICMP (RFC 792, RFC 950). */
const QUESTIONS = ['echo-request', 'timestamp-request', 'info-request', 'address-mask-request']

/** What can be in one packet, as the kernel itself has it; whether data is pushed does not matter. */
const HONEST = [
  ...['syn', 'syn | urg', 'syn | ack', 'rst', 'rst | ack'],
  ...['fin | ack', 'fin | ack | urg', 'ack', 'ack | urg'],
]

function inputRules(place: Place): string[] {
  return [
    ...bridgesOf(place)
      .untrusted.toReversed()
      .map((bridge) => `iifname "${bridge}" goto g_instance`),
    ...homely(place),
    // Who asks on and on has been answered.
    `icmp type { ${QUESTIONS.join(', ')} } jump g_ping`,
    'icmpv6 type echo-request jump g_ping',
    'ct state established ct status assured ct direction original tcp flags & (syn | rst | ack) == ack jump g_known',
    'ct state established,related accept',
    'fib daddr type != local accept',
    `ip saddr ${insideOf(place)} goto g_forged`,
    'meta nfproto ipv6 fib saddr type local goto g_forged',
    `meta nfproto ipv6 ${OWN_ON_LINK}`,
    ...both(
      ({ v, address }) => `${address} @partner${v} accept`,
      ({ v, address }) => `${address} @engaged${v} jump g_engaged`,
    ),
    'meta l4proto udp jump g_rate',
    `tcp flags & (fin | syn | rst | ack | urg) != { ${HONEST.join(', ')} } goto g_trick`,
    ...(place.witness === true ? [] : [`tcp dport { ${webPorts(place)} } accept`]),
    ...both(
      ({ v, address }) => `${SYN} ${address} @crowd${v} jump g_exhaust`,
      ({ v, source }) => `${source} . tcp dport @proven${v} accept`,
      ({ v, source }) => `${WITH_PORTS} ${source} @held${v} ${KEPT_OUT} drop`,
    ),
    'meta l4proto . th dport @open jump g_visit',
    'meta l4proto . th dport @open accept',
    ...both(
      ({ v, asked }) => `${asked} . meta l4proto . th dport @open${v} jump g_visit`,
      ({ v, asked }) => `${asked} . meta l4proto . th dport @open${v} accept`,
    ),
    `${WITH_PORTS} goto g_closed`,
    'meta nfproto . meta l4proto != { ipv4 . icmp, ipv6 . icmpv6 } goto g_protocol',
  ]
}

function forwardRules(place: Place, group: number): string[] {
  return [
    REACHES_PUBLISHED,
    // Most packets end here.
    'ct state != new accept',
    ASKS,
    `iifname != ${named(bridgesOf(place).untrusted)} goto g_passing`,
    'meta l4proto != { tcp, udp } accept',
    `${PAIR} @inseen accept`,
    `ip saddr @inheld ${KEPT_OUT} drop`,
    `add @inseen { ${PAIR} } goto g_pair`,
    `meta nfproto ipv4 ${tellFull(group, 'inseen')}`,
    'goto g_swept',
  ]
}

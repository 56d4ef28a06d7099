import { addressesOf, type Installation } from '#contract/installation.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { COUNTERS, guardTableOf, logGroupOf, type Notice } from './names.ts'
import { FAMILIES, type Family, renderSets } from './render-sets.ts'

/** What is dropped is counted: for whose it is, or for what it is. */
const [KEPT_OUT, FLOODED] = [`counter name "${COUNTERS.keptOut}"`, `counter name "${COUNTERS.flooded}"`]

export type Place = Pick<Installation, 'id' | 'name' | 'subnet' | 'ports'>

/** The chains of the kernel that the guard stands in, before those that decide who may speak to whom. */
const HOOKS = {
  g_early: 'type filter hook prerouting priority raw; policy accept;',
  g_input: 'type filter hook input priority filter - 30; policy accept;',
  g_forward: 'type filter hook forward priority filter - 30; policy accept;',
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

const both = (rule: (family: Family) => string) => FAMILIES.map(rule)

/** Tells of a packet: at most so many a second, because who attacks must not fill the log either. */
const tell = (group: number, notice: Notice, perSecond: number) =>
  `limit rate ${perSecond}/second burst ${perSecond * 4} packets log prefix "${notice}" group ${group}`

/** Opening packet of a connection. */
const SYN = 'tcp flags & (fin | syn | rst | ack) == syn'

/** In the order in which they must exist: a chain is known before another jumps to it. */
function chainsOf(place: Place): Chains {
  const group = logGroupOf(place)
  return [
    ...knownChains(group),
    ...holdChains(group),
    ...searchChains(group),
    ...insideChains(place, group),
    ...rateChains(group),
    ['g_early', earlyRules(place)],
    ['g_input', inputRules(place)],
    ['g_forward', forwardRules(place, group)],
  ]
}

function bridgesOf(place: Place) {
  const { data, edge, build, apps } = addressesOf(place).networks
  return { trusted: [data.bridge, edge.bridge], untrusted: [build.bridge, apps.bridge] }
}

const named = (interfaces: readonly string[]) => `{ ${interfaces.map((one) => `"${one}"`).join(', ')} }`

const webPorts = ({ ports }: Place) => [...new Set([ports.http, ports.https])].join(', ')

/** What is never an attacker from outside: the host itself, and whatever an engine runs on it. Every packet comes here, so names are one look. */
const homely = (place: Place, others: readonly string[] = []) => [
  `iifname ${named(['lo', 'docker0', 'docker_gwbridge', ...bridgesOf(place).trusted, ...others])} accept`,
  'iifname "br-*" accept',
]

function earlyRules(place: Place): string[] {
  return [
    ...homely(place, bridgesOf(place).untrusted),
    'fib daddr type != local accept',
    ...both(({ v, address }) => `${address} @partner${v} accept`),
    ...both(({ v, address }) => `${address} @blocked${v} ${KEPT_OUT} drop`),
    `${SYN} jump g_syn`,
  ]
}

function inputRules(place: Place): string[] {
  return [
    ...homely(place),
    `iifname ${named(bridgesOf(place).untrusted)} jump g_instance`,
    `iifname ${named(bridgesOf(place).untrusted)} accept`,
    // Who pings on and on has been answered.
    'icmp type echo-request jump g_ping',
    'icmpv6 type echo-request jump g_ping',
    'ct state established ct status assured ct direction original tcp flags & (syn | rst | ack) == ack jump g_known',
    'ct state established,related accept',
    'fib daddr type != local accept',
    ...both(({ v, address }) => `${address} @partner${v} accept`),
    ...both(({ v, address }) => `${address} @engaged${v} jump g_engaged`),
    'meta l4proto udp jump g_rate',
    'tcp flags & (fin | syn | rst | psh | ack | urg) == 0x0 jump g_trick',
    'tcp flags & (fin | syn) == (fin | syn) jump g_trick',
    'tcp flags & (syn | rst) == (syn | rst) jump g_trick',
    'tcp flags & (fin | psh | ack | urg) == (fin | psh | urg) jump g_trick',
    `tcp dport { ${webPorts(place)} } accept`,
    ...both(({ v, address }) => `${SYN} ${address} @crowd${v} jump g_exhaust`),
    ...both(({ v, source }) => `${source} . tcp dport @proven${v} accept`),
    ...both(({ v, source }) => `meta l4proto { tcp, udp } ${source} @held${v} ${KEPT_OUT} drop`),
    'meta l4proto . th dport @open jump g_visit',
    'meta l4proto . th dport @open accept',
    'meta l4proto { tcp, udp } jump g_closed',
  ]
}

type Chains = Array<readonly [string, readonly string[]]>

/** Who has completed a connection is known; who has not gets no more opening packets through than a person could need. */
function knownChains(group: number): Chains {
  const { synPerSecond, synBurst } = KERNEL_LIMITS
  return [
    // Only who has seen the host's answer can send this: a forged sender does not become known.
    [
      'g_known',
      both(
        ({ v, source }) => `${source} . tcp dport != @proven${v} add @proven${v} { ${source} . tcp dport }`,
      ),
    ],
    ['g_flood', [tell(group, 'flood', 2), `${FLOODED} drop`]],
    [
      'g_syn',
      [
        ...both(({ v, source }) => `${source} . tcp dport @proven${v} return`),
        ...both(
          ({ v, source }) =>
            `update @syn${v} { ${source} limit rate over ${synPerSecond}/second burst ${synBurst} packets } jump g_flood`,
        ),
      ],
    ],
  ]
}

const hold = both(({ v, source }) => `add @held${v} { ${source} }`)

function holdChains(group: number): Chains {
  return [
    ['g_hold', [...hold, tell(group, 'hold', 20), `${FLOODED} drop`]],
    // Flags that no honest sender sets.
    [
      'g_trick',
      [
        ...both(({ v, source }) => `${source} @held${v} ${KEPT_OUT} drop`),
        ...hold,
        tell(group, 'trick', 20),
        `${FLOODED} drop`,
      ],
    ],
    ['g_engaged', [tell(group, 'engaged', 5), 'accept']],
  ]
}

/** Who asks for many ports. Each pair counts once: how often a client connects to one does not matter. */
function searchChains(group: number): Chains {
  const { closedPorts, closedPortsPerHour, openPorts } = KERNEL_LIMITS
  const visit = ({ v, source }: Family) =>
    `${SYN} ${source} . tcp dport != @visited${v} add @visited${v} { ${source} . tcp dport } update @many${v} { ${source} limit rate over ${openPorts}/minute burst ${openPorts} packets } jump g_hold`
  const deny = ({ v, source }: Family) =>
    `update @denied${v} { ${source} limit rate over ${closedPortsPerHour}/hour burst ${closedPorts} packets } jump g_hold`
  const unseen = ({ v, source }: Family) => `${source} . meta l4proto . th dport != @probed${v}`
  const probe = (family: Family) =>
    `${unseen(family)} add @probed${family.v} { ${family.source} . meta l4proto . th dport } jump g_probe`
  return [
    [
      'g_visit',
      [
        ...both(visit),
        ...both(({ v, source }) => `${SYN} ${source} . tcp dport != @visited${v} ${tell(group, 'full', 1)}`),
      ],
    ],
    ['g_probe', [tell(group, 'probe', 50), ...both(deny)]],
    [
      'g_closed',
      [
        'tcp flags & rst == rst accept',
        // Answers that come late to questions of the host.
        'udp sport { 53, 123, 443, 853 } accept',
        ...both(probe),
        // No room to remember it: nothing is lost, since nobody listens there.
        ...both((family) => `${unseen(family)} ${tell(group, 'full', 1)}`),
        ...both((family) => `${unseen(family)} ${FLOODED} drop`),
      ],
    ],
  ]
}

/**
 * How much a source may send that nobody has answered, and who has too many connections open to other programs of the host:
 * the agent counts those that are complete, so that nobody is shut out by forged packets. Those to the platform's own ports
 * are the edge's to count.
 */
function rateChains(group: number): Chains {
  const { datagramsPerSecond, datagramsOfAll, pingsPerSecond, pingsOfAll } = KERNEL_LIMITS
  const over = (perSecond: number, burst = 2 * perSecond) =>
    `limit rate over ${perSecond}/second burst ${burst} packets`
  return [
    ['g_exhaust', [tell(group, 'exhaust', 2), `${FLOODED} drop`]],
    [
      'g_ping',
      [
        ...both(({ v, address }) => `${address} @partner${v} return`),
        ...both(
          ({ v, source }) =>
            `meta nfproto ipv${v} update @ping${v} { ${source} ${over(pingsPerSecond)} } goto g_flood`,
        ),
        `${over(pingsOfAll)} goto g_flood`,
      ],
    ],
    [
      'g_rate',
      [
        ...both(({ v, source }) => `update @udp${v} { ${source} ${over(datagramsPerSecond)} } goto g_flood`),
        `${over(datagramsOfAll, datagramsOfAll)} goto g_flood`,
      ],
    ],
  ]
}

/** What comes from instances and builds. What they may reach is decided elsewhere; here a search is noticed. */
function insideChains(place: Place, group: number): Chains {
  const { insidePorts } = KERNEL_LIMITS
  const pair = 'ip saddr . meta l4proto . th dport'
  return [
    ['g_inside', ['add @inheld { ip saddr }', tell(group, 'inside', 10), `${FLOODED} drop`]],
    [
      'g_instance',
      [
        'ct state established,related return',
        'meta l4proto { tcp, udp } th dport 53 return',
        `tcp dport { ${webPorts(place)} } return`,
        `meta l4proto { tcp, udp } ${pair} != @inprobed add @inprobed { ${pair} } update @indenied { ip saddr limit rate over ${insidePorts}/hour burst ${insidePorts} packets } jump g_inside`,
      ],
    ],
  ]
}

function forwardRules(place: Place, group: number): string[] {
  const { insidePairs } = KERNEL_LIMITS
  const over = `limit rate over ${insidePairs}/minute burst ${insidePairs} packets`
  const pair = 'ip saddr . ip daddr . th dport'
  const known = 'ip saddr . ip daddr'
  return [
    // Most packets end here.
    'ct state != new accept',
    `iifname != ${named(bridgesOf(place).untrusted)} accept`,
    'meta l4proto != { tcp, udp } accept',
    `${pair} @inseen accept`,
    `ip saddr @inheld ${KEPT_OUT} drop`,
    `add @inseen { ${pair} } update @inports { ${known} ${over} } jump g_inside`,
    // One instance could fill it: what the others open goes on, and people hear of it.
    `${pair} != @inseen ${tell(group, 'full', 1)}`,
    `ip daddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } ${known} != @inswept add @inswept { ${known} } update @insweeps { ip saddr ${over} } jump g_inside`,
  ]
}

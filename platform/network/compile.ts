import { MESH_PORT, PEER_PORT } from '#contract/fleet.ts'
import { AGENT_PORT } from '#contract/host-identity.ts'
import { addressesOf, type Installation } from '#contract/installation.ts'
import { type NetworkGroup, type NetworkPolicy, type NetworkRule, parseEnd } from '#contract/network.ts'
import { EVERYBODY, markedAddresses, markOf } from './askers.ts'
import { builtInRules } from './built-in-rules.ts'
import { makeClasses } from './classes.ts'
import {
  ACCEPT,
  ASKERS,
  type Chain,
  countedIf,
  DROP,
  type Filter,
  type FilterRule,
  goto,
  type Match,
  NO_RULE,
  portsOf,
  SETS,
} from './filter.ts'
import { bridgesOf, goalOf, HOST_USERS, insideOf, NEVER, type NetworkFacts, PRIVATE } from './layout.ts'
import { lockedChains } from './lock-down.ts'

/** Name of an installation's own table: what is in others is never touched. */
export const tableOf = ({ id }: Pick<Installation, 'id'>) => `maru_${id.replaceAll(/\W/g, '_')}`

/** Ports on which hosts answer each other; nobody else has any business there. */
export const BETWEEN_HOSTS: readonly string[] = [AGENT_PORT, PEER_PORT, MESH_PORT]
  .sort((a, b) => a - b)
  .map(String)

/**
 * What people have decided and what the platform needs, as one filter for one host. The policy is what stands now: nothing
 * in it has ended. A packet is judged by who opened its connection and to whom, whichever way it goes and however old the
 * connection is: so a rule that is gone ends what it had allowed, with the next packet.
 */
export function compileFilter(policy: NetworkPolicy, facts: NetworkFacts): Filter {
  const rules = [...builtInRules(facts.installation), ...policy.rules]
  const classes = makeClasses(rules, facts)
  const locked = policy.lockDown !== null
  return {
    table: tableOf(facts.installation),
    sets: new Map<string, readonly string[]>([
      [SETS.inside, insideOf(facts)],
      [SETS.never, NEVER],
      [SETS.private, PRIVATE],
      [SETS.hosts, facts.hosts],
      ...classes.sets,
    ]),
    maps: classes.maps,
    askers: markedAddresses(policy.rules, facts),
    chains: [
      ...classes.chains,
      ...judgingChains(classes.fallback, facts),
      hostDoors(rules, facts),
      toInside(rules, facts),
      ...(locked ? lockedChains(rules, facts) : []),
      ...baseChains(facts, locked),
    ],
  }
}

const own = (facts: NetworkFacts) => bridgesOf(facts).map(({ bridge }) => bridge)

/** Where the kernel begins. What has nothing to do with the installation is left alone, unless the host is locked down. */
function baseChains(facts: NetworkFacts, locked: boolean): Chain[] {
  const interfaces = own(facts)
  const comes: Match = { kind: 'in', interfaces }
  const goes: Match = { kind: 'out', interfaces }
  const last = (chain: string): FilterRule[] => (locked ? [{ match: [], verdict: goto(chain) }] : [])
  return [
    {
      name: 'input',
      hook: 'input',
      rules: [
        ...whoAsks(facts),
        { match: [comes], verdict: goto('to_host') },
        ...knocks(facts),
        ...sharedAddress(facts),
        ...last('locked_input'),
      ],
    },
    {
      name: 'forward',
      hook: 'forward',
      rules: [
        { match: [comes], verdict: goto('from_inside') },
        { match: [goes], verdict: goto('into_inside') },
        ...(locked ? [{ match: [], verdict: DROP, comment: 'locked down' }] : []),
      ],
    },
    {
      name: 'output',
      hook: 'output',
      rules: [{ match: [goes], verdict: goto('to_inside') }, ...last('locked_output')],
    },
  ]
}

/** Who comes to the ports between hosts. They answer at the host's own IPv4 address; whoever tries IPv6 is judged all the same. */
function knocks({ own }: NetworkFacts): FilterRule[] {
  if (own === undefined) return []
  const comes: Match = { kind: 'in', interfaces: ['lo'], not: true }
  const ports = portsOf('tcp', BETWEEN_HOSTS)
  // What answers this host came from somebody else's port.
  const asked: Match = { kind: 'direction', direction: 'original' }
  return [
    { match: [comes, { kind: 'target', among: [own] }, ...ports], verdict: goto('host_doors') },
    { match: [{ kind: 'ipv6' }, comes, asked, ...ports], verdict: goto('host_doors') },
  ]
}

/** The resolver tells each app its own names: who asks is written down with the question, by the address that it comes from. */
function whoAsks({ installation }: NetworkFacts): FilterRule[] {
  const { bridge } = addressesOf(installation).networks.apps
  const asks: Match[] = [
    { kind: 'in', interfaces: [bridge] },
    { kind: 'protocol', protocols: ['tcp', 'udp'] },
    { kind: 'ports', ports: ['53'] },
  ]
  return [
    { match: asks, verdict: { kind: 'mark', mark: markOf(installation, EVERYBODY) } },
    { match: asks, verdict: { kind: 'mark-by', table: ASKERS } },
  ]
}

/** Who holds a shared address is said by those who share it only: the protocol proves nothing by itself. */
function sharedAddress({ own, sharing }: NetworkFacts): FilterRule[] {
  if (own === undefined || sharing === undefined) return []
  const speaks: Match[] = [
    { kind: 'target', among: [own] },
    { kind: 'protocol', protocols: ['vrrp'] },
  ]
  const told: FilterRule[] =
    sharing.length === 0 ? [] : [{ match: [...speaks, { kind: 'source', among: sharing }], verdict: ACCEPT }]
  return [...told, { match: speaks, verdict: DROP, comment: 'shared address' }]
}

/** What is never right, and what belongs to a connection without being a part of it. */
const SANE: readonly FilterRule[] = [
  { match: [{ kind: 'ipv6' }], verdict: DROP, comment: 'no IPv6 inside' },
  { match: [{ kind: 'icmp-error' }], verdict: ACCEPT },
  { match: [{ kind: 'state', states: ['invalid', 'untracked', 'related'] }], verdict: DROP },
]
const REPLY: Match = { kind: 'direction', direction: 'reply' }

/** Packets of and to what is on the installation's bridges. */
function judgingChains(
  fallback: { forward: FilterRule[]; host: FilterRule[] },
  facts: NetworkFacts,
): Chain[] {
  const forged = bridgesOf(facts).map(({ bridge, subnet }): FilterRule => {
    const source: Match = { kind: 'source', among: [subnet], not: true }
    return { match: [{ kind: 'in', interfaces: [bridge] }, source], verdict: DROP, comment: 'forged source' }
  })
  return [
    {
      name: 'judge',
      rules: [{ match: [], verdict: { kind: 'dispatch', map: 'from' } }, ...fallback.forward, NO_RULE],
    },
    {
      name: 'judge_host',
      rules: [{ match: [], verdict: { kind: 'dispatch', map: 'from_to_host' } }, ...fallback.host, NO_RULE],
    },
    { name: 'from_inside', rules: [...SANE, ...forged, { match: [], verdict: goto('judge') }] },
    { name: 'into_inside', rules: [...SANE, { match: [REPLY], verdict: goto('judge') }, NO_RULE] },
    {
      name: 'to_host',
      // What answers the host itself was judged when it was asked.
      rules: [
        ...SANE,
        ...forged,
        { match: [REPLY], verdict: ACCEPT },
        { match: [], verdict: goto('judge_host') },
      ],
    },
  ]
}

/** Ports on which this host answers the others, and whom people have made an exception for. */
function hostDoors(rules: readonly NetworkRule[], facts: NetworkFacts): Chain {
  const found = rules.flatMap((rule): FilterRule[] => {
    const { id, from, to, protocol, ports } = rule
    const end = parseEnd(from)
    const among = from === 'hosts' ? { set: SETS.hosts } : end?.kind === 'network' ? [end.network] : []
    if (!goalOf(to, facts).local) return []
    const match: Match[] = [{ kind: 'from', among }, ...portsOf(protocol, ports), ...countedIf(rule)]
    return [{ match, verdict: ACCEPT, comment: id }]
  })
  return { name: 'host_doors', rules: [...found, NO_RULE] }
}

/**
 * What programs on the host open to the inside, by the user whose program it is. A connection that lives has no user any
 * more once its program has closed it: then it counts that somebody on this host may open one like it.
 */
function toInside(rules: readonly NetworkRule[], facts: NetworkFacts): Chain {
  const found = rules.flatMap(({ id, from, to, protocol, ports }) => {
    const user = HOST_USERS[from as NetworkGroup]
    const { known } = goalOf(to, facts)
    if (user === undefined || known.length === 0 || to === 'hosts') return []
    const goal: Match[] = [{ kind: 'to', among: known }, ...portsOf(protocol, ports)]
    const opens: Match[] = [
      { kind: 'state', states: ['new'] },
      { kind: 'user', users: [user] },
    ]
    const goes: Match[] = [{ kind: 'state', states: ['established'] }]
    return [
      { match: [...opens, ...goal], verdict: ACCEPT, comment: id },
      { match: [...goes, ...goal], verdict: ACCEPT, comment: id },
    ]
  })
  return {
    name: 'to_inside',
    rules: [...SANE, { match: [REPLY], verdict: goto('judge_host') }, ...found, NO_RULE],
  }
}

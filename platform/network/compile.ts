import { PORTS_BETWEEN_HOSTS } from '#contract/fleet.ts'
import { addressesOf, type Installation } from '#contract/installation.ts'
import { type NetworkGroup, type NetworkPolicy, type NetworkRule, parseEnd } from '#contract/network.ts'
import { EVERYBODY, markedAddresses, markOf } from './askers.ts'
import { builtInRules } from './built-in-rules.ts'
import { makeClasses } from './classes.ts'
import {
  ACCEPT,
  ASKERS,
  type Chain,
  type ConnectionState,
  countedIf,
  DROP,
  type Filter,
  type FilterRule,
  goto,
  JUDGED,
  type Match,
  NO_RULE,
  portsOf,
  SETS,
} from './filter.ts'
import {
  bridgesOf,
  goalOf,
  HOST_USERS,
  insideOf,
  NEVER,
  NEVER_OF_HOST,
  type NetworkFacts,
  PRIVATE,
} from './layout.ts'
import { lockedChains } from './lock-down.ts'

/** Name of an installation's own table: what is in others is never touched. */
export const tableOf = ({ id }: Pick<Installation, 'id'>) => `maru_${id.replaceAll(/\W/g, '_')}`

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
      [SETS.neverOfHost, NEVER_OF_HOST],
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
      ...toInside(rules, facts),
      ...(locked ? lockedChains(rules, facts) : []),
      ...baseChains(facts, locked),
    ],
  }
}

const own = (facts: NetworkFacts) => bridgesOf(facts).map(({ bridge }) => bridge)

/** Chains of what comes from a bridge, to the host itself and to be passed on. */
const comesBy = (bridge: string) => `comes_${bridge}`
const passesFrom = (bridge: string) => `passes_${bridge}`

/** Where the kernel begins. What has nothing to do with the installation is left alone, unless the host is locked down. */
function baseChains(facts: NetworkFacts, locked: boolean): Chain[] {
  const interfaces = own(facts)
  const byBridge = (chainOf: (bridge: string) => string) =>
    // Instances send most: their bridge comes first.
    interfaces.toReversed().map(
      (bridge): FilterRule => ({
        match: [{ kind: 'in', interfaces: [bridge] }],
        verdict: goto(chainOf(bridge)),
      }),
    )
  const goes: Match = { kind: 'out', interfaces }
  const last = (chain: string): FilterRule[] => (locked ? [{ match: [], verdict: goto(chain) }] : [])
  return [
    {
      name: 'input',
      hook: 'input',
      rules: [...byBridge(comesBy), ...knocks(facts), ...sharedAddress(facts), ...last('locked_input')],
    },
    {
      name: 'forward',
      hook: 'forward',
      rules: [
        ...byBridge(passesFrom),
        { match: [goes], verdict: goto('into_inside') },
        ...(locked ? [JUDGED, { match: [], verdict: DROP, comment: 'locked down' }] : []),
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
  const ports = portsOf('tcp', PORTS_BETWEEN_HOSTS.map(String))
  // What answers this host came from somebody else's port.
  const asked: Match = { kind: 'direction', direction: 'original' }
  return [
    { match: [comes, { kind: 'target', among: [own] }, ...ports], verdict: goto('host_doors') },
    { match: [{ kind: 'ipv6' }, comes, asked, ...ports], verdict: goto('host_doors') },
  ]
}

/** The resolver tells each app its own names: who asks is written down with the question, by the address that it comes from. */
const WHO_ASKS = 'who_asks'

function whoAsks({ installation }: NetworkFacts): { readonly asks: FilterRule; readonly chain: Chain } {
  const { bridge } = addressesOf(installation).networks.apps
  const asks: Match[] = [
    { kind: 'in', interfaces: [bridge] },
    { kind: 'protocol', protocols: ['tcp', 'udp'] },
    { kind: 'ports', ports: ['53'] },
  ]
  const rules: FilterRule[] = [
    { match: [], verdict: { kind: 'mark', mark: markOf(installation, EVERYBODY) } },
    { match: [], verdict: { kind: 'mark-by', table: ASKERS } },
  ]
  return {
    asks: { match: asks, verdict: { kind: 'jump', chain: WHO_ASKS } },
    chain: { name: WHO_ASKS, rules },
  }
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
  const refused: FilterRule = { match: speaks, verdict: DROP, comment: 'shared address' }
  return [{ ...JUDGED, match: speaks }, ...told, refused]
}

/** Nearly every packet, of which the rules are asked at once. */
const ordinary = (...states: readonly ConnectionState[]): Match[] => [
  { kind: 'ipv4' },
  { kind: 'state', states },
]

/** Of the others: what is never right, and what belongs to a connection without being a part of it. */
const ODD: readonly FilterRule[] = [
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
  const { asks, chain } = whoAsks(facts)
  const fromBridge = (name: string, subnet: string, next: string): Chain => ({
    name,
    rules: [
      JUDGED,
      {
        match: [...ordinary('new', 'established'), { kind: 'source', among: [subnet] }],
        verdict: goto(next),
      },
      { match: [], verdict: goto('strange') },
    ],
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
    chain,
    // What answers the host itself was judged when it was asked.
    {
      name: 'to_host',
      rules: [{ match: [REPLY], verdict: ACCEPT }, asks, { match: [], verdict: goto('judge_host') }],
    },
    { name: 'strange', rules: [...ODD, { match: [], verdict: DROP, comment: 'forged source' }] },
    ...bridgesOf(facts).flatMap(({ bridge, subnet }) => [
      fromBridge(comesBy(bridge), subnet, 'to_host'),
      fromBridge(passesFrom(bridge), subnet, 'judge'),
    ]),
    {
      name: 'into_inside',
      rules: [
        JUDGED,
        { match: [...ordinary('new', 'established'), REPLY], verdict: goto('judge') },
        ...ODD,
        NO_RULE,
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
  return { name: 'host_doors', rules: [JUDGED, ...found, NO_RULE] }
}

/**
 * What programs on the host open to the inside, by the user whose program it is. A connection that lives has no user any
 * more once its program has closed it: then it counts that somebody on this host may open one like it.
 */
function toInside(rules: readonly NetworkRule[], facts: NetworkFacts): Chain[] {
  const found = rules.flatMap(({ id, from, to, protocol, ports }) => {
    const user = HOST_USERS[from as NetworkGroup]
    const { known } = goalOf(to, facts)
    if (user === undefined || known.length === 0 || to === 'hosts') return []
    const goal: Match[] = [{ kind: 'to', among: known }, ...portsOf(protocol, ports)]
    return [{ user: { kind: 'user', users: [user] } satisfies Match, goal, comment: id }]
  })
  const goes = found.map(({ goal, comment }): FilterRule => ({ match: goal, verdict: ACCEPT, comment }))
  const opens = found.map(
    ({ user, goal, comment }): FilterRule => ({ match: [user, ...goal], verdict: ACCEPT, comment }),
  )
  return [
    { name: 'goes_on', rules: [{ match: [REPLY], verdict: goto('judge_host') }, ...goes, NO_RULE] },
    { name: 'opens', rules: [...opens, NO_RULE] },
    {
      name: 'to_inside',
      rules: [
        JUDGED,
        { match: ordinary('established'), verdict: goto('goes_on') },
        { match: ordinary('new'), verdict: goto('opens') },
        ...ODD,
        NO_RULE,
      ],
    },
  ]
}

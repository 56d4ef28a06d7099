import { PORTS_BETWEEN_HOSTS } from '#contract/fleet.ts'
import {
  isActive,
  type NetworkGroup,
  type NetworkPolicy,
  type NetworkRule,
  parseEnd,
} from '#contract/network.ts'
import { isIpv6 } from '#contract/networks.ts'
import { isAmong } from './among.ts'
import { builtInRules } from './built-in-rules.ts'
import {
  bridgesOf,
  type Goal,
  goalOf,
  HOST_USERS,
  insideOf,
  membersOf,
  NEVER,
  NEVER_6,
  NEVER_OF_HOST,
  type NetworkFacts,
  PRIVATE,
} from './layout.ts'

/** A connection that somebody opens, as the host sees it. */
export interface Connection {
  readonly from: string
  readonly to: string
  /** `tcp` and `udp` have ports; nothing else is ever allowed. */
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  readonly port: number
  /** Where it comes in; null where a program on the host opens it. */
  readonly comesBy: string | null
  /** Where it leaves; null where it is for the host itself. */
  readonly leavesBy: string | null
  /** Whose program on the host opens it. */
  readonly user?: number
}

export type Judgement =
  | { readonly verdict: 'allowed'; readonly rule: NetworkRule }
  | { readonly verdict: 'refused' }
  /** Not the installation's business. */
  | { readonly verdict: 'left' }

const LEFT: Judgement = { verdict: 'left' }

/** Name → what the resolver has answered. */
export type Answered = ReadonlyMap<string, readonly string[]>

/**
 * Judges a connection by reading every rule, the slow and plain way: what the compiled filter has to agree with. What an
 * installation has no bridge or port in, it leaves to others, unless the host is locked down.
 */
export function judge(
  policy: NetworkPolicy,
  facts: NetworkFacts,
  connection: Connection,
  now: Date,
  answered: Answered = new Map(),
): Judgement {
  const rules = [...builtInRules(facts.installation), ...policy.rules].filter((rule) => isActive(rule, now))
  const found = (groups: readonly string[], leads: (rule: NetworkRule) => boolean): Judgement => {
    const rule = rules.find((one) => groups.includes(one.from) && fits(one, connection) && leads(one))
    return rule === undefined ? { verdict: 'refused' } : { verdict: 'allowed', rule }
  }
  const bridges = new Map<string, string>(bridgesOf(facts).map(({ bridge, subnet }) => [bridge, subnet]))
  const { comesBy, leavesBy, from, to } = connection
  const here = bridges.get(comesBy ?? '')
  const there = bridges.has(leavesBy ?? '')
  if (here !== undefined) {
    if (!isAmong(from, [here])) return { verdict: 'refused' }
    const groups = groupsAt(facts, from)
    if (leavesBy === null) return found(groups, (rule) => isDoorAt(goalOf(rule.to, facts), to))
    return found(groups, (rule) => leadsTo(rule, facts, to, answered))
  }
  if (comesBy === null && there)
    return found(groupsOfUser(connection.user), (rule) => isAmong(to, knownOf(rule, facts)))
  if (there) return { verdict: 'refused' }
  if (leavesBy === null && comesBy !== 'lo' && isDoor(facts, connection))
    return found(groupsOutside(facts, policy, from), (rule) => goalOf(rule.to, facts).local)
  const { lockDown } = policy
  if (lockDown === null || !isActive(lockDown, now)) return LEFT
  // What is passed on between other networks of the machine.
  if (comesBy !== null && leavesBy !== null) return { verdict: 'refused' }
  if (comesBy === 'lo' || leavesBy === 'lo' || isNeeded(connection)) return LEFT
  if (leavesBy === null)
    return found(
      [...groupsOutside(facts, policy, from), groupComing(facts, from)],
      (rule) => goalOf(rule.to, facts).local,
    )
  // Whoever is on the host's own network.
  return found(ON_HOST, (rule) => goesOut(rule, facts, to))
}

const ON_HOST = ['host', 'agent', 'edge', 'mesh']

/** What a machine needs to be on a network at all: whoever is near over IPv6, and its address. */
const isNeeded = ({ from, protocol, port, leavesBy }: Connection) =>
  (protocol === 'icmp' && isIpv6(from)) || (protocol === 'udp' && port === 68 && leavesBy === null)

const isDoor = ({ own }: NetworkFacts, { to, protocol, port }: Connection) =>
  own !== undefined && (to === own || isIpv6(to)) && protocol === 'tcp' && PORTS_BETWEEN_HOSTS.includes(port)

const isDoorAt = ({ local, localAt }: Goal, to: string) => local && (localAt?.includes(to) ?? true)

/** Whether people have made an exception for who comes from an address to what this host answers others at. */
export const isAllowedTo = (
  rules: readonly NetworkRule[],
  group: NetworkGroup,
  connection: Pick<Connection, 'from' | 'protocol' | 'port'>,
): boolean =>
  rules.some((rule) => {
    const end = parseEnd(rule.from)
    const comes = end?.kind === 'network' && isAmong(connection.from, [end.network])
    return comes && rule.to === group && fits(rule, connection)
  })

const fits = ({ protocol, ports }: NetworkRule, connection: Pick<Connection, 'protocol' | 'port'>) =>
  protocol === connection.protocol &&
  ports.some((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return connection.port >= first && connection.port <= last
  })

/** Groups of whoever has an address inside; the first place that it is in says. */
function groupsAt(facts: NetworkFacts, address: string): readonly string[] {
  return membersOf(facts).find(({ at }) => isAmong(address, [at]))?.groups ?? []
}

const groupsOfUser = (user: number | undefined) =>
  Object.entries(HOST_USERS).flatMap(([group, id]) => (id === user ? [group] : []))

/** Other hosts, and every network of an exception that the address is in. */
function groupsOutside(facts: NetworkFacts, { rules }: NetworkPolicy, from: string): string[] {
  const networks = rules.flatMap((rule) => {
    const end = parseEnd(rule.from)
    return end?.kind === 'network' && isAmong(from, [end.network]) ? [rule.from] : []
  })
  return [...(facts.hosts.includes(from) ? ['hosts'] : []), ...networks]
}

/** A whole world of addresses; of IPv6 they are not told apart. */
function groupComing(facts: NetworkFacts, from: string): string {
  if (isIpv6(from)) return 'internet'
  if (isAmong(from, [...insideOf(facts), ...NEVER_OF_HOST])) return ''
  return isAmong(from, PRIVATE) ? 'private' : 'internet'
}

function goesOut(rule: NetworkRule, facts: NetworkFacts, to: string): boolean {
  if (isIpv6(to)) return rule.to === 'internet' && !isAmong(to, NEVER_6)
  if (rule.to === 'internet' || rule.to === 'private') return groupComing(facts, to) === rule.to
  const { known, outside } = goalOf(rule.to, facts)
  return isAmong(to, [...outside, ...(rule.to === 'hosts' || rule.to === 'resolver' ? known : [])])
}

const knownOf = (rule: NetworkRule, facts: NetworkFacts) =>
  rule.to === 'hosts' ? [] : goalOf(rule.to, facts).known

function leadsTo(rule: NetworkRule, facts: NetworkFacts, to: string, answered: Answered): boolean {
  const goal = goalOf(rule.to, facts)
  if (isAmong(to, goal.known)) return true
  if (isAmong(to, [...insideOf(facts), ...NEVER])) return false
  if (answered.get(rule.to)?.includes(to)) return !isAmong(to, PRIVATE)
  return isAmong(to, goal.outside) || (goal.internet && !isAmong(to, PRIVATE))
}

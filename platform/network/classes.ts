import { type NetworkRule, parseEnd } from '#contract/network.ts'
import { ipv4Span } from '#runtime/kit/ipv4.ts'
import {
  ACCEPT,
  type Chain,
  countedIf,
  DROP,
  type FilterRule,
  goto,
  type Match,
  NO_RULE,
  portsOf,
  SETS,
} from './filter.ts'
import { type Goal, goalOf, insideOf, type Member, membersOf, NEVER, type NetworkFacts } from './layout.ts'
import { type Span, spansRelation } from './overlap.ts'

/** What members of the same groups have in common: a chain for what they may open, and one for what of the host itself. */
export interface Classes {
  readonly chains: readonly Chain[]
  /** Single addresses → chain of their class. */
  readonly maps: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** Whole networks → chain of their class. */
  readonly fallback: { readonly forward: FilterRule[]; readonly host: FilterRule[] }
  readonly sets: ReadonlyArray<readonly [string, readonly string[]]>
}

const isSingle = ({ at }: Member) => !/[-/]/.test(at)

/**
 * Every address that the resolver answers for a name goes into both sets of that name; they are emptied in turns, so that what
 * was answered is in one of them for an hour at least, and in none for ever.
 */
export const PIN_TURNS = ['a', 'b'] as const
export type PinTurn = (typeof PIN_TURNS)[number]

/** Name of a set with the addresses that were answered for a name. */
export const nameSet = (turn: PinTurn, name: string) => `name_${turn}_${name}`
export const isNameSet = (set: string) => set.startsWith('name_')
export const nameOfSet = (set: string) => set.replace(/^name_[^_]*_/, '')

/** Of groups that only some members of a network are in: no two lists of groups give the same name. */
const chainName = (kind: 'from' | 'host', groups: readonly string[]) =>
  [kind, ...groups.map((group) => group.replace(':', '.'))].join('_')

/**
 * Sorts the members into classes. Only groups that a rule speaks of make one, so that a thousand instances of which nobody
 * has said anything cost nothing; what a class has in common with its whole network is written once.
 */
export function makeClasses(rules: readonly NetworkRule[], facts: NetworkFacts): Classes {
  const ground = { facts, closed: [...insideOf(facts), ...NEVER].map(ipv4Span) }
  const spoken = Map.groupBy(rules, ({ from }) => from)
  const rulesOf = (groups: readonly string[]) => groups.flatMap((group) => spoken.get(group) ?? [])
  const chains = new Map<string, Chain>()
  const add = (chain: Chain) => chains.set(chain.name, chain)
  const from = new Map<string, string>()
  const fromToHost = new Map<string, string>()
  const fallback: Classes['fallback'] = { forward: [], host: [] }
  const { classes, members } = sortMembers(facts, spoken)
  for (const { groups, forward, host } of classes) {
    const [first = '', ...more] = groups
    if (more.length === 0) {
      add(forwardChain(forward, rulesOf([first]), ground))
      add(hostChain(host, rulesOf([first]), facts))
      continue
    }
    add(forwardChain(forward, rulesOf(more), ground, chainName('from', [first])))
    const ofHost = hostChain(host, rulesOf(more), facts, chainName('host', [first]))
    // Who may nothing more of the host than all others needs no chain for that.
    if (ofHost.rules.length > 1) add(ofHost)
  }
  for (const [member, { groups, forward, host }] of members) {
    if (!isSingle(member)) {
      const match: Match[] = [{ kind: 'from', among: [member.at] }]
      fallback.forward.push({ match, verdict: goto(forward) })
      fallback.host.push({ match, verdict: goto(host) })
      continue
    }
    // What everybody of its network may, it may without an entry of its own.
    const isAlone = member.groups.length === 1
    if (isAlone || groups.length > 1) from.set(member.at, forward)
    if (isAlone || (groups.length > 1 && chains.has(host))) fromToHost.set(member.at, host)
  }
  return {
    chains: [...chains.values()],
    maps: new Map([
      ['from', from],
      ['from_to_host', fromToHost],
    ]),
    fallback,
    sets: namesIn(rules).flatMap((name) => PIN_TURNS.map((turn) => [nameSet(turn, name), []] as const)),
  }
}

/** Groups that members have in common, as far as rules speak of them, and the chains for what those may. */
interface Class {
  readonly groups: readonly string[]
  readonly forward: string
  readonly host: string
}

/** Every member with its class. There are many members and few classes: what a class says is worked out once. */
function sortMembers(facts: NetworkFacts, spoken: ReadonlyMap<string, unknown>) {
  const known = new Map<string, Class>()
  const found = new Map<string, Class>()
  const classAs = (all: readonly string[]): Class => {
    const groups = all.filter((group, at) => at === 0 || spoken.has(group))
    const same = found.get(groups.join())
    const made = same ?? { groups, forward: chainName('from', groups), host: chainName('host', groups) }
    found.set(groups.join(), made)
    return made
  }
  const members = membersOf(facts).map((member): readonly [Member, Class] => {
    const key = member.groups.join()
    const made = known.get(key) ?? classAs(member.groups)
    known.set(key, made)
    return [member, made]
  })
  return { classes: [...found.values()], members }
}

/** Names that rules speak of. */
export const namesIn = (rules: readonly Pick<NetworkRule, 'to'>[]): string[] =>
  [...new Set(rules.map(({ to }) => to).filter((to) => parseEnd(to)?.kind === 'name'))].sort()

interface Ground {
  readonly facts: NetworkFacts
  /** What nobody reaches by a rule about addresses outside. */
  readonly closed: readonly Span[]
}

/**
 * First what is known or outside beyond doubt, then nothing more of what is the installation's own, then what else is outside.
 * What is not found goes on where `rest` says.
 */
function forwardChain(
  name: string,
  rules: readonly NetworkRule[],
  { facts, closed }: Ground,
  rest?: string,
): Chain {
  const goals = rules.map((rule) => {
    const goal = goalOf(rule.to, facts)
    const isPlain = goal.known.length > 0 || spansRelation(goal.outside.map(ipv4Span), closed) === 'apart'
    return { rule, goal, plain: isPlain ? [...goal.known, ...goal.outside] : [] }
  })
  const first = goals.flatMap(({ rule, plain }) =>
    plain.length === 0 ? [] : [accept(rule, [{ kind: 'to', among: plain }])],
  )
  const outside = goals
    .filter(({ plain }) => plain.length === 0)
    .flatMap(({ rule, goal }) => outsideOf(rule, goal).map((where) => accept(rule, where)))
  const end = rest === undefined ? NO_RULE : { match: [], verdict: goto(rest) }
  const shut = [SETS.inside, SETS.never].map(
    (set): FilterRule => ({
      match: [{ kind: 'to', among: { set } }],
      verdict: rest === undefined ? DROP : goto(rest),
    }),
  )
  return { name, rules: [...first, ...(outside.length === 0 ? [] : [...shut, ...outside]), end] }
}

const NOT_PRIVATE: Match = { kind: 'to', among: { set: SETS.private }, not: true }

/** Each of the ways in which a goal is outside. A name leads nowhere private, whatever was answered for it. */
function outsideOf({ to }: NetworkRule, goal: Goal): Match[][] {
  if (goal.internet) return [[NOT_PRIVATE]]
  if (to === 'private') return [[{ kind: 'to', among: { set: SETS.private } }]]
  if (parseEnd(to)?.kind === 'name')
    return PIN_TURNS.map((turn) => [NOT_PRIVATE, { kind: 'to', among: { set: nameSet(turn, to) } }])
  return goal.outside.length === 0 ? [] : [[{ kind: 'to', among: goal.outside }]]
}

/** Of the host itself mostly the port alone counts: it has many addresses. */
function hostChain(name: string, rules: readonly NetworkRule[], facts: NetworkFacts, rest?: string): Chain {
  const local = rules.flatMap((rule) => {
    const { local, localAt } = goalOf(rule.to, facts)
    return local ? [accept(rule, localAt === undefined ? [] : [{ kind: 'to', among: localAt }])] : []
  })
  const end = rest === undefined ? NO_RULE : { match: [], verdict: goto(rest) }
  return { name, rules: [...local, end] }
}

const accept = (rule: NetworkRule, where: Match[]): FilterRule => ({
  match: [...where, ...portsOf(rule.protocol, rule.ports), ...countedIf(rule)],
  verdict: ACCEPT,
  comment: rule.id,
})

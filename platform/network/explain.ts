import { PORTS_BETWEEN_HOSTS } from '#contract/fleet.ts'
import { isActive, NETWORK_GROUPS, type NetworkRule, parseEnd } from '#contract/network.ts'
import type { Explanation, NetworkRuleView } from '#contract/network-api.ts'
import { isAmong } from './among.ts'
import { EVERYBODY, planAskers } from './askers.ts'
import {
  bridgesOf,
  goalOf,
  insideOf,
  membersOf,
  NEVER,
  NEVER_6,
  NEVER_OF_HOST,
  type NetworkFacts,
  PRIVATE,
} from './layout.ts'
import { ON_HOST } from './lock-down.ts'
import { networksRelation } from './overlap.ts'

/** Who wants to reach whom. */
export interface Question {
  readonly from: string
  readonly to: string
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
}

/** What is known beside the rules. */
export interface Circumstances {
  /** Rules that nobody has approved yet. */
  readonly waiting?: readonly NetworkRuleView[]
  /** Whether the hosts are locked down. */
  readonly locked: boolean
}

/** Whether a connection is allowed, in a sentence, with the rule that says so or the nearest one that does not. */
export function explain(
  rules: readonly NetworkRule[],
  facts: NetworkFacts,
  question: Question,
  now: Date,
  { waiting = [], locked }: Circumstances,
): Explanation {
  const standing = rules.filter((rule) => isActive(rule, now))
  const sources = groupsOf(question.from, facts)
  const comes = (rule: RuleEnds) => sources.includes(rule.from) || isOutsiderIn(question.from, rule, facts)
  const leads = (rule: RuleEnds) => leadsTo(rule, question.to, facts)
  const fits = (rule: RuleEnds) => rule.protocol === question.protocol && hasPort(rule, question.port)
  const allows = (rule: RuleEnds) => comes(rule) && leads(rule) && fits(rule)
  const asked = `${question.from} to ${question.to} at ${question.protocol} ${question.port}`
  const judged = locked || isJudged(question, facts)
  const shut = whyShut(question, facts)
  const rule = shut === undefined ? standing.find(allows) : undefined
  if (rule !== undefined)
    return { allowed: true, judged, sentence: `Allowed: ${asked}, by ${describe(rule)}.`, rule }
  if (shut !== undefined && judged)
    return { allowed: false, judged, sentence: `Refused: ${asked}. ${shut}`, rule: null }
  const ended = rules.find((one) => !isActive(one, now) && allows(one))
  const nearest =
    ended ??
    standing.find((one) => comes(one) && leads(one)) ??
    standing.find((one) => leads(one) && fits(one)) ??
    standing.find((one) => comes(one) && fits(one))
  const near =
    nearest === undefined ? '' : `; ${ended ? 'one has ended' : 'the nearest rule is'}: ${describe(nearest)}`
  if (!judged) return { allowed: false, judged, sentence: unjudged(asked, near), rule: nearest ?? null }
  const wish = waiting.find((one) => isActive(one, now) && allows(one))
  const waits =
    wish === undefined
      ? ''
      : `; one waits for the approval of an operator: ${wish.id}, asked by ${wish.askedBy}`
  const untold = isUntold(standing, question, sources) ? '; nor is it told what the name means' : ''
  const sentence = `Refused: no rule leads from ${asked}${untold}${waits}${near}.`
  return { allowed: false, judged, sentence, rule: nearest ?? null }
}

const unjudged = (asked: string, near: string) =>
  `Not judged: ${asked}. The hosts are not locked down, so what is not the platform’s own is left to the machine, except that who is kept out stays out (maru network blocks). Locked down, it would be refused: no rule leads there${near}. Allow first what you need, then try it: maru network lock-down try`

/** What is refused whatever rules say, and why. */
function whyShut({ from, to }: Question, facts: NetworkFacts): string | undefined {
  const inside = isInside(from, facts)
  if (isNever(to, inside))
    return 'No rule ever leads there: the machine itself, the addresses with a cloud’s credentials, and those that are nobody’s.'
  return inside && isIpv6Address(to) ? 'What runs on the platform has IPv4 only.' : undefined
}

/** What hosts judge that are not locked down: what concerns their bridges, and who knocks at their ports between hosts. */
function isJudged({ from, to, protocol, port }: Question, facts: NetworkFacts): boolean {
  if (isInside(from, facts) || isInside(to, facts)) return true
  const knocks = facts.hosts.length > 0 && protocol === 'tcp' && PORTS_BETWEEN_HOSTS.includes(port)
  return knocks && !isOnHost(from) && (isOnHost(to) || groupsOf(to, facts).includes('hosts'))
}

const isOnHost = (text: string) => {
  const end = parseEnd(text)
  return end?.kind === 'group' && NETWORK_GROUPS[end.group].where === 'host'
}

/** Whether an app that asks the resolver for the name is refused. */
function isUntold(standing: readonly NetworkRule[], { to }: Question, sources: readonly string[]): boolean {
  const end = parseEnd(to)
  if (end?.kind !== 'name' || !sources.includes(EVERYBODY)) return false
  const asking = planAskers(standing, { id: '' }).filter(({ who }) => sources.includes(who))
  return !asking.some(({ any, names }) => any || names.includes(end.name))
}

type RuleEnds = Pick<NetworkRule, 'from' | 'to' | 'protocol' | 'ports'>

const describe = ({ id, from, to, protocol, ports, reason, approvedBy, until }: NetworkRule) =>
  `${id} (${from} to ${to}, ${protocol} ${ports.join(', ')}; ${reason}; ${approvedBy}${until === null ? '' : `, until ${until.slice(0, 16).replace('T', ' ')} UTC`})`

const hasPort = ({ ports }: RuleEnds, port: number) =>
  ports.some((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return port >= first && port <= last
  })

const isNever = (to: string, inside: boolean) => {
  const end = parseEnd(to)
  const never = [...(inside ? NEVER : NEVER_OF_HOST), ...NEVER_6]
  return end?.kind === 'network' && isAmong(addressOf(end.network), never)
}

const isIpv6Address = (text: string) => {
  const end = parseEnd(text)
  return end?.kind === 'network' && end.v === '6'
}

/** Whether that is on one of the installation's bridges. */
function isInside(from: string, facts: NetworkFacts): boolean {
  const end = parseEnd(from)
  if (end?.kind === 'group') return NETWORK_GROUPS[end.group].where === 'inside'
  return (
    end?.kind === 'app' ||
    (end?.kind === 'network' &&
      isAmong(
        addressOf(end.network),
        bridgesOf(facts).map(({ subnet }) => subnet),
      ))
  )
}

const addressOf = (network: string) => network.split('/')[0] ?? ''
const memberAt = (address: string, facts: NetworkFacts) =>
  membersOf(facts).find(({ at }) => isAmong(address, [at]))

/** Whether an address outside, or all of a network there, is in the one that the rule names. */
function isOutsiderIn(from: string, rule: RuleEnds, facts: NetworkFacts): boolean {
  const [own, named] = [parseEnd(from), parseEnd(rule.from)]
  return (
    own?.kind === 'network' &&
    named?.kind === 'network' &&
    !isInside(from, facts) &&
    networksRelation(own.network, named.network) === 'within'
  )
}

/** Every name by which rules call whoever asks. */
function groupsOf(from: string, facts: NetworkFacts): readonly string[] {
  const end = parseEnd(from)
  if (end?.kind === 'app') return ['apps', `app:${end.app}`, from]
  if (end?.kind !== 'network') return [from]
  const address = addressOf(end.network)
  const member = memberAt(address, facts)
  if (member !== undefined) return [...member.groups, from]
  return [from, groupOutside(address, facts)]
}

function groupOutside(address: string, facts: NetworkFacts): string {
  if (facts.hosts.includes(address)) return 'hosts'
  return isAmong(address, PRIVATE) ? 'private' : 'internet'
}

/** Whether a rule leads to a group, an app, an address or a name. */
function leadsTo(rule: RuleEnds, to: string, facts: NetworkFacts): boolean {
  if (rule.to === to) return true
  const end = parseEnd(to)
  if (end?.kind === 'app') return rule.to === 'apps'
  // A name that is nobody's own is a public address, or it is refused when it is looked up.
  if (end?.kind === 'name') return rule.to === 'internet'
  if (end?.kind !== 'network') return false
  // Whatever the host itself may reach of all public addresses, it may over IPv6.
  if (end.v === '6') return rule.to === 'internet' && ON_HOST.has(rule.from)
  const address = addressOf(end.network)
  const goal = goalOf(rule.to, facts)
  if (isAmong(address, goal.known)) return true
  if (isAmong(address, insideOf(facts))) return false
  return isAmong(address, goal.outside) || (goal.internet && !isAmong(address, PRIVATE))
}

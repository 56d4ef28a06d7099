import { isActive, NETWORK_GROUPS, type NetworkRule, parseEnd } from '#contract/network.ts'
import type { Explanation, NetworkRuleView } from '#contract/network-api.ts'
import { isAmong } from './among.ts'
import { EVERYBODY, planAskers } from './askers.ts'
import { goalOf, insideOf, membersOf, NEVER, type NetworkFacts, PRIVATE } from './layout.ts'
import { ON_HOST } from './lock-down.ts'
import { networksRelation } from './overlap.ts'

/** Who wants to reach whom. */
export interface Question {
  readonly from: string
  readonly to: string
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
}

/** Whether a connection is allowed, in a sentence, with the rule that says so or the nearest one that does not. */
export function explain(
  rules: readonly NetworkRule[],
  facts: NetworkFacts,
  question: Question,
  now: Date,
  /** Rules that nobody has approved yet. */
  waiting: readonly NetworkRuleView[] = [],
): Explanation {
  const standing = rules.filter((rule) => isActive(rule, now))
  const sources = groupsOf(question.from, facts)
  const comes = (rule: RuleEnds) => sources.includes(rule.from) || isOutsiderIn(question.from, rule, facts)
  const leads = (rule: RuleEnds) => leadsTo(rule, question.to, facts)
  const fits = (rule: RuleEnds) => rule.protocol === question.protocol && hasPort(rule, question.port)
  const asked = `${question.from} to ${question.to} at ${question.protocol} ${question.port}`
  if (isNever(question.to)) {
    const sentence = `Refused: ${asked}. No rule ever leads there: the machine itself, its link with a cloud’s credentials, and addresses that are nobody’s.`
    return { allowed: false, sentence, rule: null }
  }
  if (isInside(question.from, facts) && isIpv6Address(question.to)) {
    const sentence = `Refused: ${asked}. What runs on the platform has IPv4 only.`
    return { allowed: false, sentence, rule: null }
  }
  const rule = standing.find((one) => comes(one) && leads(one) && fits(one))
  if (rule !== undefined) return { allowed: true, sentence: `Allowed: ${asked}, by ${describe(rule)}.`, rule }
  const ended = rules.find((one) => !isActive(one, now) && comes(one) && leads(one) && fits(one))
  const nearest =
    ended ??
    standing.find((one) => comes(one) && leads(one)) ??
    standing.find((one) => leads(one) && fits(one)) ??
    standing.find((one) => comes(one) && fits(one))
  const near =
    nearest === undefined ? '' : `; ${ended ? 'one has ended' : 'the nearest rule is'}: ${describe(nearest)}`
  const wish = waiting.find((one) => isActive(one, now) && comes(one) && leads(one) && fits(one))
  const waits =
    wish === undefined
      ? ''
      : `; one waits for the approval of an operator: ${wish.id}, asked by ${wish.askedBy}`
  const untold = isUntold(standing, question, sources) ? '; nor is it told what the name means' : ''
  const sentence = `Refused: no rule leads from ${asked}${untold}${waits}${near}.`
  return { allowed: false, sentence, rule: nearest ?? null }
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

const isNever = (to: string) => {
  const end = parseEnd(to)
  return end?.kind === 'network' && isAmong(addressOf(end.network), NEVER)
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
    end?.kind === 'app' || (end?.kind === 'network' && memberAt(addressOf(end.network), facts) !== undefined)
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

import { NETWORK_LIMITS, parseEnd, type RuleEnd } from '#contract/network.ts'
import { ipv4Among, ipv4Span, ipv4Text } from '#runtime/kit/ipv4.ts'
import { canBeAsked, EVERYBODY } from './askers.ts'
import { NEVER, NEVER_6, PRIVATE } from './layout.ts'
import { networksRelation } from './overlap.ts'

/** A rule that somebody asks for. */
export interface AskedRule {
  readonly from: string
  readonly to: string
  readonly until?: string | undefined
}

/** What decides whether it may be. */
export interface Asker {
  readonly operator: boolean
  /** Addresses that only the platform's own rules lead to. */
  readonly inside: readonly string[]
  /** Rules that people have made already: all of them, and those of the app it is for. */
  readonly count: { readonly all: number; readonly app: number }
  readonly now: Date
}

export type Refusal =
  | {
      readonly code: 'network.between_parts'
      readonly params: { readonly from: string; readonly to: string }
    }
  | { readonly code: 'network.never'; readonly params: { readonly to: string; readonly why: string } }
  | { readonly code: 'network.needs_operator'; readonly params: { readonly to: string } }
  | { readonly code: 'network.too_many'; readonly params: { readonly limit: number } }
  | { readonly code: 'invalid'; readonly params: { readonly field: string; readonly reason: string } }

const FROM_INSIDE: ReadonlySet<string> = new Set(['apps', 'builder', 'control'])
const GOALS_OUTSIDE: ReadonlySet<string> = new Set(['internet', 'private', 'host'])
const GOALS_ON_HOST: ReadonlySet<string> = new Set(['host', 'edge', 'agent'])

/** Why a rule cannot be; undefined when it can. */
export function refuseRule(asked: AskedRule, asker: Asker): Refusal | undefined {
  const [from, to] = [parseEnd(asked.from), parseEnd(asked.to)]
  if (from === undefined || to === undefined || !fitTogether(from, to))
    return { code: 'network.between_parts', params: { from: asked.from, to: asked.to } }
  if (isCredentials6(to)) return { code: 'network.never', params: { to: asked.to, why: NOBODYS } }
  const reason = to.kind === 'name' ? whyNoName(from, to.name) : whyNotOverIpv6(from, to)
  if (reason !== undefined) return { code: 'invalid', params: { field: 'to', reason } }
  if (asked.until !== undefined && new Date(asked.until) <= asker.now)
    return { code: 'invalid', params: { field: 'until', reason: 'is over already' } }
  const { all, app } = asker.count
  if (all >= NETWORK_LIMITS.networkRules) return tooMany(NETWORK_LIMITS.networkRules)
  if (app >= NETWORK_LIMITS.networkRulesPerApp) return tooMany(NETWORK_LIMITS.networkRulesPerApp)
  return refuseGoal(to, asked.to, asker)
}

const NOBODYS = 'is the machine itself, its own link, where clouds hand out credentials, or no one’s'

/** Of IPv6 all is refused; of this it is said why. */
const isCredentials6 = (to: RuleEnd) =>
  to.kind === 'network' &&
  to.v === '6' &&
  NEVER_6.some((address) => networksRelation(to.network, address) === 'within')

const tooMany = (limit: number): Refusal => ({ code: 'network.too_many', params: { limit } })

/** From inside to the outside, or from a network outside to a door of the host. */
function fitTogether(from: RuleEnd, to: RuleEnd): boolean {
  if (from.kind === 'network') return to.kind === 'group' && GOALS_ON_HOST.has(to.group)
  if (from.kind === 'name') return false
  if (from.kind === 'group' && !FROM_INSIDE.has(from.group)) return false
  return to.kind === 'network' || to.kind === 'name' || (to.kind === 'group' && GOALS_OUTSIDE.has(to.group))
}

/** Names lead somewhere because the resolver has answered them, and it answers apps. */
function whyNoName(from: RuleEnd, name: string): string | undefined {
  if (from.kind === 'group' && from.group !== EVERYBODY)
    return `is a name, and only apps are told names: give ${from.group} an address, a network or internet`
  return canBeAsked(name) ? undefined : 'ends with .local: no name server answers for such a name'
}

/** What runs inside has no IPv6, and hosts know each other by IPv4: such a rule would allow nothing. */
function whyNotOverIpv6(from: RuleEnd, to: RuleEnd): string | undefined {
  if (to.kind === 'network' && to.v === '6')
    return 'is an IPv6 address, and what runs on the platform has IPv4 only: give an IPv4 address or network, or for an app a name'
  if (from.kind === 'network' && from.v === '6' && to.kind === 'group' && to.group === 'agent')
    return 'answers at the IPv4 address of its host only: give an IPv4 address or network as the one who comes'
  return undefined
}

function refuseGoal(to: RuleEnd, text: string, { operator, inside }: Asker): Refusal | undefined {
  if (to.kind === 'group')
    return to.group === 'internet' || operator
      ? undefined
      : { code: 'network.needs_operator', params: { to: text } }
  if (to.kind !== 'network') return undefined
  if (isWithin(to.network, NEVER)) return { code: 'network.never', params: { to: text, why: NOBODYS } }
  if (isWithin(to.network, inside))
    return { code: 'network.never', params: { to: text, why: 'is the installation’s own' } }
  if (!operator && PRIVATE.some((network) => overlap(network, to.network)))
    return { code: 'network.needs_operator', params: { to: text } }
  return undefined
}

const isWithin = (network: string, among: readonly string[]) => {
  const ends = endsOf(network)
  return among.some((one) => ends.every((address) => ipv4Among(address, [one])))
}

function endsOf(network: string): string[] {
  const { first, last } = ipv4Span(network)
  return [first, last].map(ipv4Text)
}

function overlap(one: string, other: string): boolean {
  const [a, b] = [ipv4Span(one), ipv4Span(other)]
  return a.first <= b.last && b.first <= a.last
}

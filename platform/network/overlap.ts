import { type NetworkRule, parseEnd } from '#contract/network.ts'
import { isIpv6, isWithin, overlap, parseNetwork } from '#contract/networks.ts'
import { ipv4Span } from '#runtime/kit/ipv4.ts'
import { NEVER, PRIVATE } from './layout.ts'

/** How what one rule allows lies to what another allows. `within`: the other allows all of it. */
export type Relation = 'within' | 'overlaps' | 'apart'

type Sides = Pick<NetworkRule, 'from' | 'to' | 'protocol' | 'ports'>

/** Compares two rules. What depends on a host, such as an address of a name, counts as apart. */
export function relationOf(one: Sides, other: Sides): Relation {
  if (one.protocol !== other.protocol) return 'apart'
  const parts = [
    fromRelation(one.from, other.from),
    toRelation(one.to, other.to),
    spansRelation(one.ports.map(portSpan), other.ports.map(portSpan)),
  ]
  if (parts.includes('apart')) return 'apart'
  return parts.every((part) => part === 'within') ? 'within' : 'overlaps'
}

/** Numbers from one to another, of ports or of addresses. */
export interface Span {
  readonly first: number
  readonly last: number
}

const portSpan = (text: string): Span => {
  const [first = 0, last = first] = text.split('-').map(Number)
  return { first, last }
}

/** How some spans lie to others. */
export function spansRelation(one: readonly Span[], other: readonly Span[]): Relation {
  const inside = (a: Span) => other.some((b) => b.first <= a.first && a.last <= b.last)
  if (one.every(inside)) return 'within'
  const touch = one.some((a) => other.some((b) => a.first <= b.last && b.first <= a.last))
  return touch ? 'overlaps' : 'apart'
}

function fromRelation(one: string, other: string): Relation {
  if (one === other) return 'within'
  const [a, b] = [parseEnd(one), parseEnd(other)]
  if (a?.kind === 'network' && b?.kind === 'network') return networksRelation(a.network, b.network)
  const [wide, narrow] = [groupsAbove(other), groupsAbove(one)]
  if (narrow.includes(other)) return 'within'
  return wide.includes(one) ? 'overlaps' : 'apart'
}

/** How a network lies to another. */
export function networksRelation(one: string, other: string): Relation {
  if (!isIpv6(one) && !isIpv6(other)) return spansRelation([ipv4Span(one)], [ipv4Span(other)])
  const [a, b] = [parseNetwork(one), parseNetwork(other)]
  if (a === undefined || b === undefined || !overlap(a, b)) return 'apart'
  return isWithin(a, b) ? 'within' : 'overlaps'
}

/** What a side of an app is a part of. */
function groupsAbove(text: string): string[] {
  const end = parseEnd(text)
  if (end?.kind !== 'app') return []
  return end.process === null ? ['apps'] : ['apps', `app:${end.app}`]
}

/** Addresses that a group outside means; undefined where it has none of its own. */
const outside = (group: string): readonly string[] | undefined => (group === 'private' ? PRIVATE : undefined)

function toRelation(one: string, other: string): Relation {
  if (one === other) return 'within'
  const [a, b] = [parseEnd(one), parseEnd(other)]
  // Names mean public addresses, whichever they are.
  if (other === 'internet') {
    if (a?.kind === 'name') return 'within'
    return a?.kind === 'network' && a.v === '4' ? publicPart(a.network) : 'apart'
  }
  if (one === 'internet') {
    if (b?.kind === 'name') return 'overlaps'
    return b?.kind === 'network' && b.v === '4' && publicPart(b.network) !== 'apart' ? 'overlaps' : 'apart'
  }
  const [spans, others] = [spansOf(one), spansOf(other)]
  return spans === undefined || others === undefined ? fromRelation(one, other) : spansRelation(spans, others)
}

function spansOf(text: string): Span[] | undefined {
  const end = parseEnd(text)
  const networks = end?.kind === 'network' && end.v === '4' ? [end.network] : outside(text)
  return networks?.map(ipv4Span)
}

/** How a network lies to all public addresses. */
function publicPart(network: string): Relation {
  const shut = spansRelation([ipv4Span(network)], [...PRIVATE, ...NEVER].map(ipv4Span))
  if (shut === 'within') return 'apart'
  return shut === 'overlaps' ? 'overlaps' : 'within'
}

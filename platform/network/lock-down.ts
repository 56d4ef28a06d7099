import { type NetworkRule, parseEnd } from '#contract/network.ts'
import {
  ACCEPT,
  type Among,
  type Chain,
  countedIf,
  DROP,
  type FilterRule,
  JUDGED,
  type Match,
  portsOf,
  SETS,
} from './filter.ts'
import { goalOf, NEVER_6, type NetworkFacts } from './layout.ts'

/** Groups whose programs are on the host's own network. */
export const ON_HOST: ReadonlySet<string> = new Set(['host', 'agent', 'edge', 'mesh'])

/** What a locked host answers with and asks for, beside what the rules say. */
const NEEDED: readonly FilterRule[] = [
  { match: [{ kind: 'direction', direction: 'reply' }], verdict: ACCEPT },
  { match: [{ kind: 'icmp-error' }], verdict: ACCEPT },
  { match: [{ kind: 'protocol', protocols: ['ipv6-icmp'] }], verdict: ACCEPT, comment: 'neighbours' },
]
/** The address lease is answered to a port of ours, without a connection. */
const LEASE: FilterRule = { match: portsOf('udp', ['68']), verdict: ACCEPT, comment: 'address lease' }
/** Of no port that it lets somebody in at, such as that of the lease, a locked host says that nobody listens there. */
const SILENT: readonly FilterRule[] = (['4', '6'] as const).map((v) => ({
  match: [{ kind: 'icmp-refusal', v }],
  verdict: DROP,
  comment: 'a closed port is silent',
}))
const END: FilterRule = { match: [], verdict: DROP, comment: 'locked down' }

/**
 * Everything else that comes to this host or leaves it, in and out: only what a rule allows. Other networks on the machine
 * are passed on to nobody.
 */
export function lockedChains(rules: readonly NetworkRule[], facts: NetworkFacts): Chain[] {
  const loop = (kind: 'in' | 'out'): FilterRule => ({
    match: [{ kind, interfaces: ['lo'] }],
    verdict: ACCEPT,
  })
  const came = rules.filter(({ to }) => goalOf(to, facts).local)
  const goes = rules.filter(({ from }) => ON_HOST.has(from))
  return [
    {
      name: 'locked_input',
      rules: [
        ...[JUDGED, loop('in'), ...NEEDED, LEASE],
        ...came.filter(({ from, to }) => from === 'internet' && to === 'edge').map((rule) => overIpv6(rule)),
        ...came.flatMap((rule) => allow(rule, 'from', whoComes(rule.from))),
        END,
      ],
    },
    {
      name: 'locked_output',
      rules: [
        ...[JUDGED, loop('out'), ...SILENT, ...NEEDED, ...sharedAddress(facts)],
        ...goes.filter(({ to }) => to === 'internet').map((rule) => overIpv6(rule, NOT_METADATA)),
        ...goes.flatMap((rule) => allow(rule, 'to', whereTo(rule.to, facts))),
        END,
      ],
    },
  ]
}

/** A host that shares an address says so to those that share it. */
const sharedAddress = ({ sharing = [] }: NetworkFacts): FilterRule[] =>
  sharing.length === 0
    ? []
    : [
        {
          match: [
            { kind: 'to', among: sharing },
            { kind: 'protocol', protocols: ['vrrp'] },
          ],
          verdict: ACCEPT,
        },
      ]

const NOT_METADATA: Match = { kind: 'to', among: NEVER_6, not: true }

/** Of IPv6 only the ports are told apart, and where a machine asks for a cloud's credentials. */
const overIpv6 = ({ id, protocol, ports }: NetworkRule, ...more: readonly Match[]): FilterRule => ({
  match: [{ kind: 'ipv6' }, ...more, ...portsOf(protocol, ports)],
  verdict: ACCEPT,
  comment: id,
})

/** A set that an address is in, or is not. */
type Place = { readonly among: Among; readonly not?: true }

const allow = (rule: NetworkRule, kind: 'from' | 'to', places: readonly Place[]): FilterRule[] =>
  places.length === 0
    ? []
    : [
        {
          match: [
            ...places.map((place): Match => ({ kind, ...place })),
            ...portsOf(rule.protocol, rule.ports),
            ...countedIf(rule),
          ],
          verdict: ACCEPT,
          comment: rule.id,
        },
      ]

const NOT_INSIDE: Place = { among: { set: SETS.inside }, not: true }
const NOT_NEVER: Place = { among: { set: SETS.neverOfHost }, not: true }
const PUBLIC: readonly Place[] = [{ among: { set: SETS.private }, not: true }, NOT_INSIDE, NOT_NEVER]
const PRIVATELY: readonly Place[] = [{ among: { set: SETS.private } }, NOT_INSIDE, NOT_NEVER]

/** Who comes from outside of the installation's own bridges. */
function whoComes(from: string): readonly Place[] {
  if (from === 'internet') return PUBLIC
  if (from === 'private') return PRIVATELY
  if (from === 'hosts') return [{ among: { set: SETS.hosts } }]
  const end = parseEnd(from)
  return end?.kind === 'network' ? [{ among: [end.network] }] : []
}

function whereTo(to: string, facts: NetworkFacts): readonly Place[] {
  if (to === 'internet') return PUBLIC
  if (to === 'private') return PRIVATELY
  const { known, outside } = goalOf(to, facts)
  const all = [...(to === 'hosts' || to === 'resolver' ? known : []), ...outside]
  return all.length === 0 ? [] : [{ among: all }]
}

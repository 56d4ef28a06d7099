import { isIpv6 } from '#contract/networks.ts'
import { isNameSet } from './classes.ts'
import {
  type Among,
  ASKERS,
  type Chain,
  type Filter,
  type FilterRule,
  type Match,
  type Protocol,
  type Verdict,
} from './filter.ts'
import { PINS } from './pins.ts'

/*
 * Sets say what they hold by `typeof`: nftables 1.0, which Debian 12 has, crashes on listing sets that a later version made by
 * `type`, and chains with a map of interfaces that is part of a rule (`iifname vmap { … }`).
 */

/** IANA's numbers: where there is no `/etc/protocols`, as in the agent's container, names mean nothing. */
const NUMBERS: Readonly<Record<Protocol, number>> = { icmp: 1, tcp: 6, udp: 17, 'ipv6-icmp': 58, vrrp: 112 }

/** Named counters go on when the rules are replaced: of packets of which the rules are asked, and of those that they refuse. */
export const COUNTERS = { judged: 'judged', refused: 'refused' } as const

/** What is in the table now and no longer belongs there. */
export interface Leftovers {
  readonly chains: readonly string[]
  readonly sets: readonly string[]
  readonly maps: readonly string[]
}

const NONE: Leftovers = { chains: [], sets: [], maps: [] }

/**
 * The whole filter as a script. The table stays, what is in it is replaced in one transaction: at no moment less is refused. What
 * the resolver has put into the sets of names stays there.
 */
export function renderFilter(filter: Filter, leftovers = NONE): string {
  const { table, sets, maps, chains, askers } = filter
  const at = `inet ${table}`
  return [
    `table ${at} {`,
    ...[...sets.keys()].map((name) => `  set ${name} { ${setType(name)} }`),
    ...[...maps.keys()].map((name) => `  map ${name} { typeof ip saddr : verdict; }`),
    `  map ${ASKERS} { typeof ip saddr : ct mark; }`,
    ...Object.values(COUNTERS).map((name) => `  counter ${name} { }`),
    '}',
    `flush table ${at}`,
    ...[...sets.keys()].filter((name) => !isNameSet(name)).map((name) => `flush set ${at} ${name}`),
    ...[...maps.keys(), ASKERS].map((name) => `flush map ${at} ${name}`),
    ...leftovers.maps.map((name) => `delete map ${at} ${name}`),
    ...leftovers.chains.map((name) => `delete chain ${at} ${name}`),
    ...leftovers.sets.map((name) => `delete set ${at} ${name}`),
    `table ${at} {`,
    ...chains.flatMap(renderChain),
    '}',
    ...[...sets].flatMap(([name, all]) => elements(`${at} ${name}`, all)),
    ...[...maps].flatMap(([name, map]) => elements(`${at} ${name}`, pairs(map))),
    ...elements(`${at} ${ASKERS}`, marks(askers)),
    '',
  ].join('\n')
}

const setType = (name: string) =>
  isNameSet(name) ? `typeof ip daddr; size ${PINS};` : 'typeof ip daddr; flags interval; auto-merge;'

const pairs = (map: ReadonlyMap<string, string>) =>
  [...map].map(([address, chain]) => `${address} : goto ${chain}`)

const marks = (askers: Filter['askers']) => [...askers].map(([address, mark]) => `${address} : ${mark}`)

const elements = (where: string, all: readonly string[]) =>
  all.length === 0 ? [] : [`add element ${where} { ${[...new Set(all)].join(', ')} }`]

/** The change of addresses alone, where all else is the same; undefined where more has changed. */
export function renderChange(before: Filter, after: Filter): string | undefined {
  if (before === after) return ''
  if (frameOf(before) !== frameOf(after)) return undefined
  const at = `inet ${after.table}`
  const change = (name: string, old: readonly string[], now: readonly string[]) => {
    const [had, has] = [new Set(old), new Set(now)]
    const gone = old.filter((one) => !has.has(one))
    const come = now.filter((one) => !had.has(one))
    return [
      ...elements(`${at} ${name}`, gone).map((line) => line.replace('add', 'delete')),
      ...elements(`${at} ${name}`, come),
    ]
  }
  return [
    ...[...after.maps].map(([name, map]) =>
      change(name, pairs(before.maps.get(name) ?? new Map()), pairs(map)),
    ),
    change(ASKERS, marks(before.askers), marks(after.askers)),
  ]
    .flat()
    .map((line) => `${line}\n`)
    .join('')
}

/** Everything but who is where. */
const frameOf = (filter: Filter) =>
  renderFilter({
    ...filter,
    maps: new Map([...filter.maps.keys()].map((name) => [name, new Map()])),
    askers: new Map(),
  })

function renderChain({ name, hook, rules }: Chain): string[] {
  // Before the engine's own rules: what is refused here stays refused, whatever they say.
  const begins =
    hook === undefined ? [] : [`    type filter hook ${hook} priority filter - 10; policy accept;`]
  return [
    `  chain ${name} {`,
    ...begins,
    ...rules.filter(canMatch).map((rule) => `    ${renderRule(rule)}`),
    '  }',
  ]
}

const canMatch = ({ match }: FilterRule) =>
  match.every((one) => !('among' in one) || 'set' in one.among || one.not || one.among.length > 0)

function renderRule({ match, verdict, comment }: FilterRule): string {
  const remark = comment === undefined ? [] : [`comment "${comment}"`]
  const counted = verdict.kind === 'drop' ? [`counter name "${COUNTERS.refused}"`] : []
  return [...match.map(renderMatch), ...counted, renderVerdict(verdict), ...remark]
    .filter((part) => part !== '')
    .join(' ')
}

function renderMatch(match: Match): string {
  switch (match.kind) {
    case 'in':
    case 'out':
      return `${match.kind === 'in' ? 'iifname' : 'oifname'} ${not(match)}${list(match.interfaces.map((name) => `"${name}"`))}`
    case 'ipv4':
    case 'ipv6':
      return `meta nfproto ${match.kind}`
    case 'state':
      // One comparison of bits, where a set would be a look-up for each packet.
      return `ct state ${match.states.join(',')}`
    case 'direction':
      return `ct direction ${match.direction}`
    case 'from':
      return `ct original ${familyOf(match.among)} saddr ${not(match)}${renderAmong(match.among)}`
    case 'to':
      return `ct original ${familyOf(match.among)} daddr ${not(match)}${renderAmong(match.among)}`
    case 'source':
      return `ip saddr ${not(match)}${list(match.among)}`
    case 'target':
      return `ip daddr ${not(match)}${list(match.among)}`
    case 'protocol':
      return `meta l4proto ${list(match.protocols.map((protocol) => String(NUMBERS[protocol])))}`
    case 'ports':
      return `ct original proto-dst ${list(match.ports)}`
    case 'user':
      return `meta skuid ${list(match.users.map(String))}`
    case 'counted':
      return 'counter'
    case 'icmp-refusal':
      return match.v === '4' ? 'icmp type 3 icmp code 3' : 'icmpv6 type 1 icmpv6 code 4'
    case 'icmp-error':
      return `ct state related meta l4proto { ${NUMBERS.icmp}, ${NUMBERS['ipv6-icmp']} }`
  }
}

const not = (match: { readonly not?: true }) => (match.not ? '!= ' : '')
/** Sets are of IPv4. */
const familyOf = (among: Among) => (!('set' in among) && among.some(isIpv6) ? 'ip6' : 'ip')
const renderAmong = (among: Among) => ('set' in among ? `@${among.set}` : list(among))

function list(all: readonly string[]): string {
  const each = [...new Set(all)]
  return each.length === 1 ? (each[0] ?? '') : `{ ${each.join(', ')} }`
}

function renderVerdict(verdict: Verdict): string {
  if (verdict.kind === 'mark') return `ct mark set ${verdict.mark}`
  if (verdict.kind === 'mark-by') return `ct mark set ip saddr map @${verdict.table}`
  if (verdict.kind === 'dispatch') return `ct original ip saddr vmap @${verdict.map}`
  if (verdict.kind === 'count') return `counter name "${COUNTERS.judged}"`
  return 'chain' in verdict ? `${verdict.kind} ${verdict.chain}` : verdict.kind
}

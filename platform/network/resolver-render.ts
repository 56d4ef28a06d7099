import { addressesOf, type Installation } from '#contract/installation.ts'
import { type NetworkPolicy, parseEnd } from '#contract/network.ts'
import { ipv4Without } from '#runtime/kit/ipv4.ts'
import { type Asker, canBeAsked, EVERYBODY, MARK_BITS, MARK_FLAG, planAskers } from './askers.ts'
import { nameSet, PIN_TURNS } from './classes.ts'
import { tableOf } from './compile.ts'
import { insideOf, NEVER, type NetworkFacts, PRIVATE } from './layout.ts'

/** By this name the agent asks whether the resolver answers. */
export const RESOLVER_NAME = 'resolver.maru.internal'

/** So long a program may keep an answer, whatever the name's own server says: much shorter than its address counts. */
const MAX_TTL_S = 300
/** Questions under way at a time, of all apps together. */
const QUESTIONS = 1000

const COMMON = [
  '# Written by the agent: changes by hand are undone.',
  'bind-dynamic',
  'no-resolv',
  'no-hosts',
  'pid-file=',
  'log-facility=-',
  '# Each answer comes from a name server and is written down before it leaves.',
  'cache-size=0',
  `dns-forward-max=${QUESTIONS}`,
  `max-ttl=${MAX_TTL_S}`,
  '# There is no IPv6 inside, and no address may be learned by a side way.',
  'filter-AAAA',
  'filter-rr=HTTPS,SVCB',
  'connmark-allowlist-enable',
] as const

type ResolverFacts = Pick<NetworkFacts, 'hosts' | 'shared' | 'resolvers'> & {
  readonly installation: Pick<Installation, 'id' | 'name' | 'subnet' | 'domain' | 'ports'>
}

/**
 * What the resolver of a host reads. Names are those of people's rules that stand now.
 */
export function renderResolver({ rules }: Pick<NetworkPolicy, 'rules'>, facts: ResolverFacts): string {
  const { installation, resolvers } = facts
  const askers = planAskers(rules, installation)
  const names = [...new Set(askers.flatMap((asker) => asker.names))].sort()
  const edge = addressesOf(installation).edge.apps
  const own = [installation.domain, RESOLVER_NAME]
  return [
    ...COMMON,
    ...own.flatMap((name) => [`address=/${name}/${edge}`, `local=/${name}/`]),
    ...refusedAnswers(rules, facts).map((network) => `bogus-nxdomain=${network}`),
    ...names.flatMap((name) => resolvers.map((server) => `server=/${name}/${server}`)),
    ...(askers.some(({ any }) => any) ? resolvers.map((server) => `server=${server}`) : []),
    ...names.map((name) => `nftset=/${name}/${setsOf(name, installation)}`),
    ...askers.flatMap((asker) => mayAsk(asker, platformNames(installation))),
    '',
  ].join('\n')
}

/** Apps ask other apps as everybody does: at the edge. */
const platformNames = ({ domain }: Pick<Installation, 'domain'>) =>
  domain.includes('.') && canBeAsked(domain) ? [domain, `*.${domain}`] : []

/** It reads no more than a thousand letters at a time. */
const LINE = 900

/**
 * What an asker may ask for, in as many lines as it takes. One mark and mask may have one line: each has another mask, of which the
 * bits above the marks, which are zero, make no difference. What everybody may ask for goes by the highest bit, which all have: so
 * whoever has got a mark of his own since goes on hearing it.
 */
function mayAsk({ who, mark, names, any }: Asker, platform: readonly string[]): string[] {
  const lines: string[] = []
  for (const name of any ? ['*'] : [...(who === EVERYBODY ? platform : []), ...names]) {
    const longer = `${lines.at(-1)}/${name}`
    if (lines.length > 0 && longer.length < LINE) lines[lines.length - 1] = longer
    else lines.push(name)
  }
  const [own, bits] = who === EVERYBODY ? [MARK_FLAG, 0] : [mark, 2 ** MARK_BITS - 1]
  const maskOf = (line: number) => MARK_FLAG + line * 2 ** MARK_BITS + bits
  return lines.map((line, at) => `connmark-allowlist=${own}/${maskOf(at)},${line}`)
}

const setsOf = (name: string, installation: Pick<Installation, 'id'>) =>
  PIN_TURNS.map((turn) => `4#inet#${tableOf(installation)}#${nameSet(turn, name)}`).join()

/**
 * An answer with such an address is none: whoever answers for a name could otherwise lead an app inside. What rules of people open
 * of private networks may be answered; a rule to a name still leads nowhere private.
 */
function refusedAnswers(rules: NetworkPolicy['rules'], facts: ResolverFacts): string[] {
  const opened = rules.flatMap(({ from, to }) => {
    if (from !== 'apps' && parseEnd(from)?.kind !== 'app') return []
    if (to === 'private') return PRIVATE
    const end = parseEnd(to)
    return end?.kind === 'network' ? [end.network] : []
  })
  return [...insideOf(facts), ...NEVER, ...PRIVATE.flatMap((network) => ipv4Without(network, opened))]
}

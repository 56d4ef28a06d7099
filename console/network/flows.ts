import { isActive, NETWORK_GROUPS, type NetworkGroup, parseEnd } from '#contract/network.ts'
import type { NetworkRuleView } from '#contract/network-api.ts'

/** Where on the map something stands, from the outside to the data. */
export const PLACES = ['outside', 'host', 'apps', 'middle', 'data'] as const
export type Place = (typeof PLACES)[number]

export const PLACE_NAMES: Readonly<Record<Place, string>> = {
  outside: 'Outside',
  host: 'On the host',
  apps: 'Apps and parts',
  middle: 'Way to the data',
  data: 'Data',
}

const GROUP_PLACES: Readonly<Partial<Record<NetworkGroup, Place>>> = {
  proxy: 'middle',
  store: 'middle',
  database: 'data',
}

/** All that leads from one end to another. */
export interface Flow {
  readonly from: string
  readonly to: string
  readonly rules: readonly NetworkRuleView[]
  /** Whether people have a hand in it; else the platform needs it itself. */
  readonly byPeople: boolean
}

/** Where an end of a flow stands. */
export function placeOf(name: string): Place {
  const end = parseEnd(name)
  if (end?.kind === 'app') return 'apps'
  if (end?.kind !== 'group') return 'outside'
  const { where } = NETWORK_GROUPS[end.group]
  if (where !== 'inside') return where
  return GROUP_PLACES[end.group] ?? 'apps'
}

/** What an end is, in a few words. */
export function describeEnd(name: string): string {
  const end = parseEnd(name)
  if (end?.kind === 'group') return NETWORK_GROUPS[end.group].what
  if (end?.kind === 'app') return 'an app, with what all apps may and what its own rules allow'
  return end?.kind === 'name' ? 'a name outside' : 'an address or a network outside'
}

/** An app's processes stand on the map as their app. */
function standsFor(name: string): string {
  const end = parseEnd(name)
  return end?.kind === 'app' ? `app:${end.app}` : name
}

/** Rules that are in force now. */
export const standing = (rules: readonly NetworkRuleView[], now: Date): NetworkRuleView[] =>
  rules.filter((rule) => rule.approvedBy !== null && isActive(rule, now))

/** Rules by who reaches whom. */
export function flowsOf(rules: readonly NetworkRuleView[]): Flow[] {
  const grouped = Map.groupBy(rules, ({ from, to }) => `${standsFor(from)} ${standsFor(to)}`)
  return [...grouped].map(([key, all]) => {
    const [from = '', to = ''] = key.split(' ')
    return { from, to, rules: all, byPeople: all.some(({ builtIn }) => !builtIn) }
  })
}

/** The part of the map that one end has to do with. What all apps may, each of them may. */
export function flowsAbout(rules: readonly NetworkRuleView[], about: string): Flow[] {
  const isApp = parseEnd(about)?.kind === 'app'
  const meant = (name: string) => standsFor(name) === about || (isApp && name === 'apps')
  const own = rules
    .filter(({ from, to }) => meant(from) || meant(to))
    .map((rule) => ({
      ...rule,
      from: meant(rule.from) ? nameFor(rule.from, about) : rule.from,
      to: meant(rule.to) ? nameFor(rule.to, about) : rule.to,
    }))
  return flowsOf(own)
}

const nameFor = (name: string, about: string) => (name === 'apps' ? about : name)

/** Every end of the flows, once. */
export const endsOf = (flows: readonly Flow[]): string[] => [
  ...new Set(flows.flatMap(({ from, to }) => [from, to])),
]

/** Ports of a rule as people read them; of a single process of an app, whose. */
export function portsText({ from, protocol, ports }: Pick<NetworkRuleView, 'from' | 'protocol' | 'ports'>) {
  const end = parseEnd(from)
  const process = end?.kind === 'app' && end.process !== null ? `, ${end.process} only` : ''
  return `${protocol} ${ports.join(', ')}${process}`
}

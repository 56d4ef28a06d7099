import type { ServiceName } from '#contract/fleet.ts'
import type { HostRole } from '#contract/host-identity.ts'

/** A host as far as it matters to where the platform's own parts are. */
export interface TierHost {
  readonly name: string
  readonly dataCentre: string
  readonly role: HostRole
  readonly first: boolean
  /** It has reported lately: something can be placed there. */
  readonly ready: boolean
  /** It is being emptied: what can be elsewhere leaves it. */
  readonly draining: boolean
}

export type Placement = Readonly<Partial<Record<ServiceName, string>>>

/** One part goes to another host; undefined: it had none. */
export interface TierMove {
  readonly service: ServiceName
  readonly from: string | undefined
  readonly to: string
}

const VOICES = ['etcd-1', 'etcd-2', 'etcd-3'] as const
const PAIR = ['postgres-1', 'postgres-2'] as const
const BACK = ['postgres-2', 'postgres-1'] as const
const CONTROLS = ['control', 'control-2'] as const
/** Those that the first host has from the beginning; it never has another of their kind, but for the pair's second member. */
export const OF_FIRST: readonly ServiceName[] = ['etcd-1', 'postgres-1', 'control']

type Place = readonly [service: ServiceName, host: TierHost]

/**
 * Where the platform's own parts go: the members of the pair and the control planes to two data centres, and a store of three
 * members to three hosts, apart as far as they are. What is on a host that belongs to the installation stays: a move costs more
 * than a better place gives; only from one that is being emptied it goes, where another can take it. Two members of a store would be worse than one, so with two hosts it has one. A host that is gone
 * is nothing special, whichever it was: what it had goes to others. Of a pair on one host, the one that leads stays.
 */
export function planTier(hosts: readonly TierHost[], placed: Placement, leader?: ServiceName): TierMove[] {
  const at = new Map(hosts.map((host) => [host.name, host]))
  const first = hosts.find((host) => host.first)
  const living = (service: ServiceName): TierHost | undefined => {
    const host = at.get(placed[service] ?? '')
    // Another host may have the name of one that is gone.
    const fits = host !== undefined && (host.role === 'full' || VOICES.some((voice) => voice === service))
    return fits ? host : OF_FIRST.includes(service) ? first : undefined
  }
  const places = [
    ...voices(hosts, living),
    ...couple(
      hosts,
      leader === 'postgres-2' && !living('postgres-1')?.first ? BACK : PAIR,
      living,
      'together',
    ),
    ...couple(hosts, CONTROLS, living, 'apart'),
  ]
  return places.flatMap(([service, { name: to }]) =>
    to === placed[service] ? [] : [{ service, from: placed[service], to }],
  )
}

/** What has to leave a host that is to go and can, whether it is being emptied yet or not: until it has, the host is needed. */
export function partsLeaving(hosts: readonly TierHost[], placed: Placement, host: string): ServiceName[] {
  const emptied = hosts.map((one) => (one.name === host ? { ...one, draining: true } : one))
  return planTier(emptied, placed)
    .filter(({ from }) => from === host)
    .map(({ service }) => service)
}

/**
 * Whether the store would be left with two members without a host: of two, neither can be missed, which is worse than one alone. Not
 * where another host gets what this one had.
 */
export function leavesTwoVoices(hosts: readonly TierHost[], placed: Placement, host: string): boolean {
  if (!VOICES.some((voice) => placed[voice] === host)) return false
  const others = hosts.filter(({ name }) => name !== host)
  const moved = planTier(others, placed).map(({ service, to }) => [service, to])
  const then: Placement = { ...placed, ...Object.fromEntries(moved) }
  return VOICES.filter((voice) => others.some(({ name }) => name === then[voice])).length === 2
}

type Living = (service: ServiceName) => TierHost | undefined

/** The first host is given up whole, by its removal: until then it has its own parts. */
const isLeaving = ([service, host]: Place) => host.draining && !(host.first && OF_FIRST.includes(service))

/** The members of the store: those that have a host, and where there are hosts for three, the others. */
function voices(hosts: readonly TierHost[], living: Living): Place[] {
  const all = VOICES.flatMap((service): Place[] => {
    const host = living(service)
    return host === undefined ? [] : [[service, host]]
  })
  const places = all.filter((place) => !isLeaving(place))
  for (const service of VOICES.filter((one) => places.every(([kept]) => kept !== one))) {
    const taken = places.map(([, host]) => host)
    const host = apartFrom(taken, hosts) ?? living(service)
    if (host !== undefined) places.push([service, host])
  }
  return places.length < VOICES.length ? all : places
}

/**
 * Two of a kind on two full hosts, in two data centres where there are. Where there is one host only, both are `together` on it, or
 * there is but one.
 */
function couple(
  hosts: readonly TierHost[],
  [one, two]: readonly [ServiceName, ServiceName],
  living: Living,
  onOneHost: 'together' | 'apart',
): Place[] {
  const [hostOfOne, hostOfTwo] = [living(one), living(two)]
  if (hostOfOne !== undefined && hostOfTwo !== undefined && hostOfOne.name !== hostOfTwo.name)
    return settled(hosts, [one, hostOfOne], [two, hostOfTwo])
  const kept = hostOfOne ?? hostOfTwo
  // Nobody has what the others would be made from.
  if (kept === undefined) return []
  const [stays, goes] = hostOfOne === undefined ? [two, one] : [one, two]
  const partner = bestPartner(hosts, kept) ?? (onOneHost === 'together' ? kept : undefined)
  const stay: Place = [stays, kept]
  return partner === undefined ? [stay] : [stay, [goes, partner]]
}

/** Two that are apart: one of them goes on, where its host is being emptied and another can take it. */
function settled(hosts: readonly TierHost[], one: Place, two: Place): Place[] {
  const [stays, goes] = isLeaving(one) && !isLeaving(two) ? [two, one] : [one, two]
  if (!isLeaving(goes)) return [one, two]
  const [service, host] = goes
  return [stays, [service, bestPartner(hosts, stays[1]) ?? host]]
}

/** A host in a place where none of these is; a witness before others, because it has nothing else to do. */
function apartFrom(taken: readonly TierHost[], hosts: readonly TierHost[]): TierHost | undefined {
  const names = new Set(taken.map(({ name }) => name))
  const places = new Set(taken.map(({ dataCentre }) => dataCentre))
  const order = (host: TierHost) =>
    `${places.has(host.dataCentre) ? 1 : 0}${host.role === 'witness' ? 0 : 1}${host.name}`
  return hosts
    .filter(({ name, ready, draining }) => ready && !draining && !names.has(name))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))[0]
}

function bestPartner(hosts: readonly TierHost[], kept: TierHost): TierHost | undefined {
  const order = (host: TierHost) => `${host.dataCentre === kept.dataCentre ? 1 : 0}${host.name}`
  return hosts
    .filter(
      (host) =>
        host.role === 'full' && host.name !== kept.name && !host.first && host.ready && !host.draining,
    )
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))[0]
}

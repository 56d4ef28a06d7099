import type { HostAddress } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import { type NetworkRule, parseEnd } from '#contract/network.ts'
import {
  type AutomaticLimit,
  BGP_PORT,
  type BlackHole,
  isIpv6,
  type MeasuredRate,
  prefixOf,
  type UpstreamAddress,
  type UpstreamOrders,
  type UpstreamReport,
  type UpstreamSettings,
  type WebhookBody,
} from '#contract/upstream.ts'

/** A provider, as far as decisions need it. */
export interface Provider {
  readonly name: string
  readonly settings: UpstreamSettings
  /** None: all. */
  readonly hosts: readonly string[]
  readonly automatic: AutomaticLimit | null
  readonly by: string
}

/** Everything that decisions about providers depend on. */
export interface UpstreamSnapshot {
  /** The full hosts. */
  readonly hosts: ReadonlyArray<{
    readonly name: HostName
    readonly address: HostAddress
    /** Its public IPv6 addresses. */
    readonly addresses6: readonly UpstreamAddress[]
    readonly dataCentre: string
  }>
  readonly shared: ReadonlyArray<{ readonly dataCentre: string; readonly address: HostAddress }>
  /** Where visitors are led. */
  readonly serving: readonly HostAddress[]
  readonly providers: readonly Provider[]
  /** What should be dropped now. */
  readonly dropped: BlackHole[]
}

/** Every address that may be announced: there is no other that is the installation's own. */
export const ownAddresses = ({ hosts, shared }: UpstreamSnapshot): UpstreamAddress[] => [
  ...new Set([
    ...[...hosts, ...shared].map(({ address }) => address),
    ...hosts.flatMap(({ addresses6 }) => addresses6),
  ]),
]

/** The hosts to which an address leads. */
export function hostsAt({ hosts, shared }: UpstreamSnapshot, address: string): HostName[] {
  const centres = shared.filter((one) => one.address === address).map(({ dataCentre }) => dataCentre)
  return hosts
    .filter(
      (host) =>
        host.address === address || host.addresses6.includes(address) || centres.includes(host.dataCentre),
    )
    .map(({ name }) => name)
}

const isOf = ({ hosts }: Pick<Provider, 'hosts'>, name: string) => hosts.length === 0 || hosts.includes(name)

/** The providers that bring an address. */
export const providersOf = (snapshot: UpstreamSnapshot, address: string): Provider[] =>
  snapshot.providers.filter((provider) => hostsAt(snapshot, address).some((name) => isOf(provider, name)))

/**
 * The hosts that tell a provider of an address: all of its hosts but the one whose own address it is, because what is dropped is
 * dropped for that host's session, too. Only where there is no other it says so itself. Sessions are IPv4's: one of IPv6 takes none
 * with it, and is told by hosts that have one to lead it to.
 */
export function speakersOf(snapshot: UpstreamSnapshot, provider: Provider, address: string): HostName[] {
  const all = snapshot.hosts.filter(({ name }) => isOf(provider, name))
  if (isIpv6(address)) {
    const leads = provider.settings.kind === 'bgp' && provider.settings.nextHop6 !== undefined
    return all.filter(({ addresses6 }) => leads || addresses6.length > 0).map(({ name }) => name)
  }
  const others = all.filter((host) => host.address !== address)
  return (others.length === 0 ? all : others).map(({ name }) => name)
}

export interface Wanted {
  readonly address: UpstreamAddress
  readonly upstream: string | null
  readonly evenLast: boolean
}

export type Refusal =
  | { readonly code: 'upstream.not_own'; readonly params: { address: string; own: string } }
  | { readonly code: 'upstream.nobody_brings' | 'upstream.last'; readonly params: { address: string } }
  | { readonly code: 'upstream.not_found'; readonly params: { upstream: string } }

/** Why an address may not be announced; undefined where it may. */
export function refuseAnnouncing(snapshot: UpstreamSnapshot, wanted: Wanted): Refusal | undefined {
  const { address, upstream, evenLast } = wanted
  const own = ownAddresses(snapshot)
  if (!own.includes(address))
    return { code: 'upstream.not_own', params: { address, own: own.join(', ') || 'none' } }
  if (upstream !== null && !snapshot.providers.some(({ name }) => name === upstream))
    return { code: 'upstream.not_found', params: { upstream } }
  const brings = providersOf(snapshot, address)
  if (!brings.some(({ name }) => upstream === null || name === upstream))
    return { code: 'upstream.nobody_brings', params: { address } }
  const gone = new Set([...snapshot.dropped.map((one) => one.address as string), address])
  const isLast = snapshot.serving.includes(address) && snapshot.serving.every((one) => gone.has(one))
  return isLast && !evenLast ? { code: 'upstream.last', params: { address } } : undefined
}

/** What a person should know before visitors do. */
export function warningOf(snapshot: UpstreamSnapshot, { address, upstream }: Wanted): string {
  const meant = providersOf(snapshot, address).filter(
    ({ name, settings }) => settings.kind === 'bgp' && (upstream === null || name === upstream),
  )
  const victims = hostsAt(snapshot, address)
  const alone = meant.filter((provider) =>
    speakersOf(snapshot, provider, address).every((name) =>
      snapshot.hosts.some((host) => host.name === name && host.address === address),
    ),
  )
  return [
    `${address} itself is off the net where it is dropped: attackers and visitors alike do not reach it, nor does ${victims.join(', ')} reach the outside from it.`,
    ...(alone.length === 0
      ? []
      : [
          `${alone.map(({ name }) => name).join(', ')} hears of it from the very address that is dropped: if the session breaks by that, the provider lets everything through again until it is back.`,
        ]),
  ].join(' ')
}

/** What of the black holes is a provider's. */
export const droppedBy = (snapshot: UpstreamSnapshot, provider: Provider): BlackHole[] =>
  snapshot.dropped.filter(
    ({ address, upstream }) =>
      (upstream === null || upstream === provider.name) &&
      providersOf(snapshot, address).some(({ name }) => name === provider.name),
  )

/** What a host has to do, passwords left out. */
export function planOrders(snapshot: UpstreamSnapshot, host: HostName): UpstreamOrders {
  const sessions = snapshot.providers.flatMap((provider) => {
    const { name, settings } = provider
    if (settings.kind !== 'bgp' || !snapshot.hosts.some((one) => one.name === host) || !isOf(provider, host))
      return []
    const { kind: _kind, ...how } = settings
    const announced = droppedBy(snapshot, provider)
      .filter(({ address }) => speakersOf(snapshot, provider, address).includes(host))
      .map(({ address, until }) => ({ address, until }))
    return [{ ...how, name, password: null, announced: latestOf(announced) }]
  })
  const counted = ownAddresses(snapshot)
    .filter((address) => hostsAt(snapshot, address).includes(host))
    .flatMap((address) => limitsOf(snapshot, address).map((perSecond) => ({ address, perSecond })))
  return { sessions, counted }
}

/** An address that is wanted twice is wanted until the later end. */
function latestOf(all: ReadonlyArray<{ address: UpstreamAddress; until: string }>) {
  const latest = new Map<UpstreamAddress, string>()
  for (const { address, until } of all) if ((latest.get(address) ?? '') < until) latest.set(address, until)
  return [...latest].map(([address, until]) => ({ address, until }))
}

const limitsOf = (snapshot: UpstreamSnapshot, address: string): number[] => [
  ...new Set(providersOf(snapshot, address).flatMap(({ automatic }) => automatic?.perSecond ?? [])),
]

/** What hosts measured, beside each limit that it is measured for. */
export const ratesOf = (
  snapshot: UpstreamSnapshot,
  told: ReadonlyArray<{ readonly host: string; readonly measured: UpstreamReport['measured'] }>,
): MeasuredRate[] =>
  told.flatMap(({ host, measured }) =>
    measured.flatMap((one) =>
      providersOf(snapshot, one.address).flatMap(({ name, automatic }) =>
        automatic === null
          ? []
          : [{ ...one, host: host as HostName, upstream: name, limit: automatic.perSecond }],
      ),
    ),
  )

/** Something that a limit asks for. */
export interface AutomaticAct {
  readonly wanted: Wanted
  readonly minutes: number
  readonly reason: string
  /** Why it is not done. */
  readonly refusal: Refusal | undefined
}

/**
 * What should be announced by itself. `paused`: addresses that a person let through again lately; they are looked at anew when the
 * limit's time is over.
 */
export function planAutomatic(
  snapshot: UpstreamSnapshot,
  above: UpstreamReport['above'],
  paused: ReadonlyArray<{ readonly address: string; readonly endedAt: Date }>,
  now: Date,
): AutomaticAct[] {
  return snapshot.providers.flatMap((provider) => {
    const { automatic, name } = provider
    if (automatic === null) return []
    const { perSecond: limit, forS, minutes, evenLast } = automatic
    const isPaused = (address: string) =>
      paused.some(
        (one) => one.address === address && now.getTime() - one.endedAt.getTime() < minutes * 60_000,
      )
    const due = above.filter(
      (one) =>
        one.limit === limit &&
        one.forS >= forS &&
        !isPaused(one.address) &&
        providersOf(snapshot, one.address).some((brings) => brings.name === name) &&
        !snapshot.dropped.some(
          ({ address, upstream }) => address === one.address && (upstream === null || upstream === name),
        ),
    )
    return due.map(({ address, perSecond, forS: lasted }) => {
      const wanted: Wanted = { address, upstream: name, evenLast }
      const reason = `${perSecond} packets a second for ${lasted} seconds, above the limit of ${limit}`
      return { wanted, minutes, reason, refusal: refuseAnnouncing(snapshot, wanted) }
    })
  })
}

/** What a partner should drop: equal wishes are equal. */
export const wishOf = (snapshot: UpstreamSnapshot, provider: Provider): WebhookBody['dropped'] =>
  droppedBy(snapshot, provider)
    .map(({ address, since, until, reason }) => ({ prefix: prefixOf(address), since, until, reason }))
    .sort((a, b) => `${a.prefix} ${a.since}`.localeCompare(`${b.prefix} ${b.since}`))

/** Names are told to apps only, so no rule can follow that of a partner: any public address may be his, a private one is not. */
const goalOf = (hostname: string) => (parseEnd(hostname)?.kind === 'network' ? hostname : 'internet')

/** The rules that providers need where hosts are locked down, and the control plane always. */
export function rulesOf(providers: readonly Provider[]): NetworkRule[] {
  const rules = providers.flatMap(({ name, settings, by }): NetworkRule[] => {
    const rule = (
      id: string,
      rest: Pick<NetworkRule, 'from' | 'to' | 'protocol' | 'ports' | 'reason'>,
    ): NetworkRule => ({ ...rest, id, approvedBy: by, until: null, builtIn: true })
    if (settings.kind === 'bgp')
      return [
        rule(`upstream-bgp-${name}`, {
          ...{ from: 'host', to: settings.neighbour, protocol: 'tcp', ports: [String(BGP_PORT)] },
          reason: `the provider ${name} hears what it should drop`,
        }),
      ]
    const { hostname, port } = new URL(settings.url)
    return [
      rule(`upstream-hook-${name}`, {
        ...{ from: 'control', to: goalOf(hostname), protocol: 'tcp', ports: [port === '' ? '443' : port] },
        reason: `the partner ${name} is told what it should drop`,
      }),
      ...(['udp', 'tcp'] as const).map((protocol) =>
        rule(`upstream-names-${protocol}`, {
          ...{ from: 'control', to: 'resolver', protocol, ports: ['53'] },
          reason: 'the names of partners that are told what they should drop',
        }),
      ),
    ]
  })
  const keyOf = ({ from, to, protocol, ports }: NetworkRule) => [from, to, protocol, ports].join()
  return [...new Map(rules.map((rule) => [keyOf(rule), rule])).values()]
}

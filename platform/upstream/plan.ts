import type { HostAddress } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import { type NetworkRule, parseEnd } from '#contract/network.ts'
import { isIpv6 } from '#contract/networks.ts'
import {
  type AutomaticLimit,
  BGP_PORT,
  type BlackHole,
  type FlowText,
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
  /** Where visitors are led, and to which port there. */
  readonly serving: readonly HostAddress[]
  readonly webPort: number
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
  /** Null: everything. */
  readonly only: FlowText | null
  readonly evenLast: boolean
}

export type Refusal =
  | { readonly code: 'upstream.not_own'; readonly params: { address: string; own: string } }
  | {
      readonly code: 'upstream.nobody_brings' | 'upstream.last' | 'upstream.no_flow_rules'
      readonly params: { address: string }
    }
  | { readonly code: 'upstream.not_found'; readonly params: { upstream: string } }

/** Whether a provider can be asked for a part of the traffic. */
const takesFlows = ({ settings }: Pick<Provider, 'settings'>) =>
  settings.kind === 'bgp' && settings.flowRules === true

/** Visitors come by TCP: where all of that is dropped, or everything, there are none. */
const isOffTheNet = ({ only }: { readonly only: FlowText | null }, webPort: number) =>
  only === null || only === 'tcp' || only === `tcp:${webPort}`

/** Why an address may not be announced; undefined where it may. */
export function refuseAnnouncing(snapshot: UpstreamSnapshot, wanted: Wanted): Refusal | undefined {
  const { address, upstream, only, evenLast } = wanted
  const own = ownAddresses(snapshot)
  if (!own.includes(address))
    return { code: 'upstream.not_own', params: { address, own: own.join(', ') || 'none' } }
  if (upstream !== null && !snapshot.providers.some(({ name }) => name === upstream))
    return { code: 'upstream.not_found', params: { upstream } }
  const meant = providersOf(snapshot, address).filter(({ name }) => upstream === null || name === upstream)
  if (meant.length === 0) return { code: 'upstream.nobody_brings', params: { address } }
  if (only !== null && !meant.some(takesFlows)) return { code: 'upstream.no_flow_rules', params: { address } }
  const off = snapshot.dropped.filter((one) => isOffTheNet(one, snapshot.webPort))
  const gone = new Set([...off.map((one) => one.address as string), address])
  const isLast =
    isOffTheNet(wanted, snapshot.webPort) &&
    snapshot.serving.includes(address) &&
    snapshot.serving.every((one) => gone.has(one))
  return isLast && !evenLast ? { code: 'upstream.last', params: { address } } : undefined
}

/** A flow rule as people say it. */
export function flowWords(only: FlowText): string {
  const [protocol = '', port] = only.split(':')
  return port === undefined ? protocol.toUpperCase() : `${protocol.toUpperCase()} at port ${port}`
}

/** What a person should know before visitors do. */
export function warningOf(snapshot: UpstreamSnapshot, { address, upstream, only }: Wanted): string {
  if (only !== null)
    return `What goes to ${address} by ${flowWords(only)} is dropped, whoever sends it; all else arrives. Providers and partners that take no flow rules are not asked.`
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

/**
 * What of what should be dropped is a provider's: who takes no flow rules is not asked for more than was wanted. An address of IPv6
 * that nobody claims at the moment stays where it was asked for: a flood can keep a host from knowing its own.
 */
export const droppedBy = (snapshot: UpstreamSnapshot, provider: Provider): BlackHole[] =>
  snapshot.dropped.filter(
    ({ address, upstream, only }) =>
      (upstream === null || upstream === provider.name) &&
      (only === null || takesFlows(provider)) &&
      (isUnclaimed(snapshot, address) ||
        providersOf(snapshot, address).some(({ name }) => name === provider.name)),
  )

const isUnclaimed = (snapshot: UpstreamSnapshot, address: string) =>
  isIpv6(address) && hostsAt(snapshot, address).length === 0

/** What a host has to do, passwords left out. */
export function planOrders(snapshot: UpstreamSnapshot, host: HostName): UpstreamOrders {
  const sessions = snapshot.providers.flatMap((provider) => {
    const { name, settings } = provider
    if (settings.kind !== 'bgp' || !snapshot.hosts.some((one) => one.name === host) || !isOf(provider, host))
      return []
    const { kind: _kind, ...how } = settings
    const said = droppedBy(snapshot, provider).filter(({ address }) =>
      speakersOf(snapshot, provider, address).includes(host),
    )
    const flows = said.flatMap(({ address, only, until }) =>
      only === null ? [] : [{ address, only, until }],
    )
    const announced = said.flatMap(({ address, only, until }) => (only === null ? [{ address, until }] : []))
    const parts = flows.length === 0 ? {} : { flows: latestFlows(flows) }
    return [{ ...how, name, password: null, announced: latestOf(announced), ...parts }]
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

function latestFlows(all: ReadonlyArray<{ address: UpstreamAddress; only: FlowText; until: string }>) {
  const grouped = Map.groupBy(all, ({ only }) => only)
  return [...grouped].flatMap(([only, some]) => latestOf(some).map((one) => ({ ...one, only })))
}

const limitsOf = (snapshot: UpstreamSnapshot, address: string): number[] => [
  ...new Set(providersOf(snapshot, address).flatMap(({ automatic }) => automatic?.perSecond ?? [])),
]

/** What hosts measured, beside each limit that it is measured for. */
export const ratesOf = (
  snapshot: UpstreamSnapshot,
  told: ReadonlyArray<{ readonly host: string; readonly measured: NonNullable<UpstreamReport['measured']> }>,
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

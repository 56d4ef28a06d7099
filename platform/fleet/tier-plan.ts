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

/**
 * Where the platform's own parts go: the second member of the pair and the second control plane to another data centre than
 * the first, and a store of three members to three hosts, apart as far as they are. What is on a host that belongs to the installation stays: a
 * move costs more than a better place gives; only from one that is being emptied it goes, where another can take it. Two members of
 * a store would be worse than one, so with two hosts it has one.
 */
export function planTier(hosts: readonly TierHost[], placed: Placement): TierMove[] {
  const first = hosts.find((host) => host.first)
  if (first === undefined) return []
  const at = new Map(hosts.map((host) => [host.name, host]))
  const living = (service: ServiceName) => at.get(placed[service] ?? '')
  const moves: TierMove[] = []
  const move = (service: ServiceName, to: TierHost | undefined) => {
    if (to !== undefined && to.name !== placed[service])
      moves.push({ service, from: placed[service], to: to.name })
  }
  for (const service of ['etcd-1', 'postgres-1', 'control'] as const) move(service, living(service) ?? first)
  for (const to of voices(hosts, first, living)) move(to.service, to.host)
  const partner = living('postgres-2')
  const settled = partner?.role === 'full' && !partner.first && !partner.draining
  move('postgres-2', settled ? partner : (bestPartner(hosts, first) ?? partner ?? first))
  const second = living('control-2')
  move('control-2', second?.draining === false ? second : (bestPartner(hosts, first) ?? second))
  return moves
}

/** What has to leave a host that is being emptied and can: until it has, the host is needed. */
export const partsLeaving = (hosts: readonly TierHost[], placed: Placement, host: string): ServiceName[] =>
  planTier(hosts, placed)
    .filter(({ from }) => from === host)
    .map(({ service }) => service)

/** The other members of the store, where there are hosts for three. */
function voices(
  hosts: readonly TierHost[],
  first: TierHost,
  living: (service: ServiceName) => TierHost | undefined,
): Array<{ readonly service: ServiceName; readonly host: TierHost }> {
  const services = ['etcd-2', 'etcd-3'] as const
  const kept = services.flatMap((service) => {
    const host = living(service)
    return host === undefined || host.draining ? [] : [{ service, host }]
  })
  const taken = [first, ...kept.map(({ host }) => host)]
  const open = services.filter((service) => living(service)?.draining !== false)
  const added: typeof kept = []
  for (const service of open) {
    const host = apartFrom([...taken, ...added.map((one) => one.host)], hosts) ?? living(service)
    if (host !== undefined) added.push({ service, host })
  }
  return taken.length + added.length < 3 ? [] : added
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

function bestPartner(hosts: readonly TierHost[], first: TierHost): TierHost | undefined {
  const order = (host: TierHost) => `${host.dataCentre === first.dataCentre ? 1 : 0}${host.name}`
  return hosts
    .filter((host) => host.role === 'full' && !host.first && host.ready && !host.draining)
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))[0]
}

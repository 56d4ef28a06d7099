import {
  CONTROL_SERVICES,
  type ControlService,
  type Fleet,
  SERVICES,
  type ServiceName,
} from '#contract/fleet.ts'
import type { HostAddress } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import { addressesOf, type Installation } from '#contract/installation.ts'

type Place = Pick<Installation, 'name' | 'subnet'>

/** Where a service is found, on every host at the same address: itself where it runs, a way to it elsewhere. */
export interface ServiceAddress {
  readonly network: string
  readonly address: string
  readonly ports: readonly number[]
}

/** A service that is on another host: what its address here leads to. */
export interface Way extends ServiceAddress {
  readonly service: ServiceName
  readonly host: HostName
  readonly hostAddress: HostAddress
}

/** What a host needs so that every service is reached from it, and its own from all. */
export interface Mesh {
  readonly self: HostName
  /** The hosts that may come in, by name. */
  readonly members: Fleet['hosts']
  readonly ways: readonly Way[]
  /** The services of this host. */
  readonly doors: ReadonlyArray<ServiceAddress & { readonly service: ServiceName }>
}

/** The address of a service. */
export function serviceAddress(installation: Place, service: ServiceName): ServiceAddress {
  const { networks, etcd, postgres, ...others } = addressesOf(installation)
  if (service === 'control' || service === 'control-2')
    return { network: networks.edge.name, address: others[service].edge, ports: [others.controlPort] }
  const [kind = '', n] = service.split('-')
  const address = (kind === 'etcd' ? etcd : postgres)[Number(n) - 1] ?? ''
  const own =
    kind === 'etcd'
      ? [others.etcdPorts.client, others.etcdPorts.peer]
      : [others.postgresPort, others.patroniPort]
  return { network: networks.data.name, address, ports: own }
}

/** The services of a host before those of others; else in their order. */
const ownFirst = <T extends ServiceName>(all: readonly T[], { services }: Fleet, self: HostName): T[] =>
  [...all].sort((a, b) => Number(services[b] === self) - Number(services[a] === self))

/** The control planes that there are, the one of this host first. */
export function controlsOf(fleet: Fleet, self: HostName): ControlService[] {
  const placed = CONTROL_SERVICES.filter((one) => fleet.services[one] !== undefined)
  // Where nobody has joined, nobody was told of any place.
  return placed.length === 0 ? ['control'] : ownFirst(placed, fleet, self)
}

/** The members of the cluster's store. */
export const ETCD_SERVICES = ['etcd-1', 'etcd-2', 'etcd-3'] as const

/** Where a member of etcd answers at that address: those who ask it, or the other members. */
export const storeUrl = (installation: Place, address: string, whom: 'client' | 'peer' = 'client') =>
  `https://${address}:${addressesOf(installation).etcdPorts[whom]}`

/** The same of a member, by its name. */
export const memberUrl = (installation: Place, member: ServiceName, whom: 'client' | 'peer') =>
  storeUrl(installation, serviceAddress(installation, member).address, whom)

/** Where the members of etcd are that have a host: the one on this host first. */
export function storesOf(installation: Place, fleet: Fleet, self: HostName): string[] {
  const placed = ETCD_SERVICES.filter((one) => fleet.services[one] !== undefined)
  const all: readonly ServiceName[] = placed.length === 0 ? ['etcd-1'] : ownFirst(placed, fleet, self)
  return all.map((service) => serviceAddress(installation, service).address)
}

/**
 * Where a member of the pair looks for the stores when it knows of none that answers; those that there are first. Patroni reads this
 * at its start only, so all are in it as soon as there are hosts for all, and stay in it when a host goes.
 */
export function seedsOf(installation: Place, fleet: Fleet, self: HostName): string[] {
  const there = storesOf(installation, fleet, self)
  const all = ETCD_SERVICES.map((service) => serviceAddress(installation, service).address)
  return fleet.hosts.length < all.length && there.length < 2 ? there : [...new Set([...there, ...all])]
}

/** The mesh of one host; undefined where it is alone or unknown to the others. */
export function planMesh(installation: Place, self: HostName, fleet: Fleet): Mesh | undefined {
  const addresses = new Map(fleet.hosts.map(({ name, address }) => [name, address]))
  if (addresses.size < 2 || !addresses.has(self)) return undefined
  const placed = SERVICES.flatMap((service) => {
    const host = fleet.services[service]
    return host === undefined ? [] : [{ service, host, ...serviceAddress(installation, service) }]
  })
  return {
    self,
    members: [...fleet.hosts].sort((a, b) => (a.name < b.name ? -1 : 1)),
    ways: placed.flatMap((one) => {
      const hostAddress = addresses.get(one.host)
      return one.host === self || hostAddress === undefined ? [] : [{ ...one, hostAddress }]
    }),
    doors: placed.filter(({ host }) => host === self).map(({ host: _, ...door }) => door),
  }
}

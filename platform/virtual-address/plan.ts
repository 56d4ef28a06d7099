import type { Fleet } from '#contract/fleet.ts'
import type { HostAddress } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'

/** What a host has to do with the address that the hosts of its data centre share. */
export interface AddressDuty {
  readonly address: HostAddress
  /** The other hosts that may hold it. */
  readonly peers: readonly HostAddress[]
  /** Who has more takes it where several could. */
  readonly priority: number
  /** This host is being emptied: it gives the address up, and finishes what visitors have begun. */
  readonly leaving: boolean
  /** Others that are being emptied: connections that this host does not know may be theirs. */
  readonly leavingPeers: readonly HostAddress[]
}

/** The first of a data centre has this much; VRRP knows 1 to 254. */
const HIGHEST_PRIORITY = 250

/** The duty of one host; undefined where its data centre has no address of its own, or the host is a witness. */
export function planAddress(self: HostName, fleet: Fleet): AddressDuty | undefined {
  const shared = fleet.addresses?.find(({ hosts }) => hosts.includes(self))
  if (shared === undefined) return undefined
  const { address, hosts, leaving } = shared
  const where = new Map(fleet.hosts.map((host) => [host.name, host.address]))
  const addressesOf = (names: readonly HostName[]) =>
    names.flatMap((name) => (name === self ? [] : (where.get(name) ?? [])))
  return {
    address,
    peers: addressesOf(hosts),
    priority: Math.max(1, HIGHEST_PRIORITY - hosts.indexOf(self)),
    leaving: leaving.includes(self),
    leavingPeers: leaving.includes(self) ? [] : addressesOf(leaving),
  }
}

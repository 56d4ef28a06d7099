import type { SharedAddress } from '#contract/fleet.ts'
import type { HostAddress } from '#contract/host-identity.ts'
import type { HostNetwork } from '#contract/membership.ts'
import { ipv4Among, ipv4Ends, ipv4Number } from '#runtime/kit/ipv4.ts'

/** A host as far as its address goes. */
export interface AddressedHost {
  readonly name: string
  readonly dataCentre: string
  readonly address: string
  /** Null where nobody knows. */
  readonly network: HostNetwork | null
}

export interface AddressFacts {
  readonly hosts: readonly AddressedHost[]
  readonly shared: ReadonlyArray<Pick<SharedAddress, 'dataCentre' | 'address'>>
  /** First two numbers of the installation's own range. */
  readonly subnet: string
}

/** Addresses that no machine has for itself: of no network, of itself, of a link, of many. */
const NOBODYS = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3']

/** Why the hosts of a data centre cannot share an address; undefined when they can. */
export function unfitReason(
  dataCentre: string,
  address: HostAddress,
  { hosts, shared, subnet }: AddressFacts,
): string | undefined {
  const owner = hosts.find((host) => host.address === address)
  if (owner !== undefined) return `it is the own address of ${owner.name}`
  const other = shared.find((one) => one.address === address && one.dataCentre !== dataCentre)
  if (other !== undefined) return `the hosts of ${other.dataCentre} share it`
  if (ipv4Among(address, NOBODYS)) return 'no machine can have it'
  const platform = `${subnet}.0.0/16`
  if (ipv4Among(address, [platform])) return `it is in ${platform}, where the platform has its own networks`
  const own = hosts.filter((host) => host.dataCentre === dataCentre)
  const known = own.flatMap(({ name, network }) => (network === null ? [] : [{ name, network }]))
  if (known.length === 0) return 'none of them says which network it is in'
  return known.map(({ name, network }) => outside(address, name, network)).find((one) => one !== undefined)
}

function outside(address: HostAddress, host: string, { range, router }: HostNetwork): string | undefined {
  if (!ipv4Among(address, [range])) return `${host} is in ${range}, and it is not`
  if (router === address) return `it is the router of ${host}`
  const [{ first, last }, number] = [ipv4Ends(range), ipv4Number(address)]
  // A network of two has no address of its own and none for all.
  const isEnd = number === first || number === last
  return isEnd && last - first > 1 ? `it stands for the whole network ${range}` : undefined
}

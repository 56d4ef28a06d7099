import type { Installation } from '#contract/installation.ts'
import { type Docker, LABELS } from '#runtime/drivers/docker.ts'

/**
 * Addresses on the apps' network. A container keeps its own through every restart, its crash, the engine's and the
 * host's: left to itself the engine gives an address to whoever starts next, and until the edge hears of it, it would
 * send one app's requests to another.
 */
export interface AddressBook {
  /** An address that no container of the installation has; the one that was given up last comes last. */
  take(): Promise<string>
}

/** Third octets that are handed out; below are the platform's own addresses on that network. */
const FIRST = 129
const LAST = 254
const PER_OCTET = 254
const COUNT = (LAST - FIRST + 1) * PER_OCTET

/** The address with that number, counted from the first one that is handed out. */
export function addressAt(subnet: string, number: number): string {
  const index = number % COUNT
  return `${subnet}.${FIRST + Math.floor(index / PER_OCTET)}.${1 + (index % PER_OCTET)}`
}

/** Number of the next free address from `from` on. */
export function nextFree(subnet: string, from: number, used: ReadonlySet<string>): number {
  for (let number = from; number < from + COUNT; number += 1) {
    if (!used.has(addressAt(subnet, number))) return number
  }
  throw new Error(`all ${COUNT} addresses of the apps' network are taken`)
}

/** Opens the book; `start` is where it begins to look, another place after each start of the agent. */
export function makeAddressBook(
  docker: Docker,
  { id, subnet }: Pick<Installation, 'id' | 'subnet'>,
  start: number,
): AddressBook {
  let next = start
  return {
    async take() {
      const containers = await docker.containers.list({ [LABELS.owner]: id })
      const used = new Set(
        containers.flatMap(({ labels, addresses }) => [
          ...Object.values(addresses),
          labels[LABELS.address] ?? '',
        ]),
      )
      // Nothing waits between here and the end: two callers at once get two addresses.
      const number = nextFree(subnet, next, used)
      next = number + 1
      return addressAt(subnet, number)
    },
  }
}

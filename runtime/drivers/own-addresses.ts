import { networkInterfaces } from 'node:os'
import { readText } from './files.ts'

/** An address of this machine, and where it has it. */
export interface OwnAddress {
  readonly device: string
  /** With the bits of its network: 203.0.113.9/24. */
  readonly cidr: string
}

/** Where this machine has an IPv4 address: on one interface, on several, or nowhere. */
export const findOwnAddress = (address: string): OwnAddress[] =>
  Object.entries(networkInterfaces()).flatMap(([device, all]) =>
    (all ?? [])
      .filter((one) => one.address === address)
      .map(({ cidr }) => ({ device, cidr: cidr ?? `${address}/32` })),
  )

/** The router through which an interface leads to everywhere else; null where it does not. */
export async function findRouter(device: string): Promise<string | null> {
  const rows = ((await readText('/proc/net/route')) ?? '').split('\n').map((line) => line.trim().split(/\s+/))
  const hex = rows.find(([name, to, , , , , , mask]) => name === device && to === NONE && mask === NONE)?.[2]
  if (hex === undefined || hex === NONE) return null
  return [...Buffer.from(hex, 'hex')].reverse().join('.')
}
const NONE = '00000000'

/** Flags of the kernel: given for a while only, no longer wanted, not yet tried (if_addr.h). */
const PASSING = 0x01 | 0x20 | 0x40 | 0x08
/** Of bridges and of what hangs on them: no provider brings those. */
const INNER = /^(lo|docker|br-|veth)/

/** The public IPv6 addresses that this machine keeps, in the form in which they are compared. */
export const publicIpv6 = async (): Promise<string[]> =>
  keptIpv6((await readText('/proc/net/if_inet6')) ?? '')

/** Those in the kernel's list: a line each with address, index, bits, scope, flags and interface. */
export function keptIpv6(list: string): string[] {
  const kept = list
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([hex = '', , , , flags = '', device = '']) =>
        /^[23]/.test(hex) && (Number.parseInt(flags, 16) & PASSING) === 0 && !INNER.test(device),
    )
  const all = kept.map(([hex = '']) => hex.match(/.{4}/g)?.join(':') ?? '')
  return [...new Set(all.map((address) => new URL(`http://[${address}]`).hostname.slice(1, -1)))].sort()
}

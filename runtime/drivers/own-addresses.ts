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

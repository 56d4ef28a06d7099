import type { EventKind, GuardOrders } from '#contract/guard.ts'
import { isAgreed, isAmong } from './agreed.ts'

/** What people decided about those who come to the edge's door. */
export type DoorOrders = Pick<GuardOrders, 'partners' | 'engagements'>

/** What somebody did at the edge's door, and how often since it was told last. */
export interface DoorDeed {
  readonly address: string
  readonly kind: EventKind
  /** What else deeds of one source must have in common to be one event. */
  readonly topic: string
  readonly severity: number
  /** It is part of a test that was agreed on. */
  readonly agreed: boolean
  readonly message: string
  readonly times: number
}

/** Whoever is on a host has other ways in; its own address is that of everybody who comes over a tunnel. */
const HOST_ITSELF = ['127.0.0.0/8', '::/64']

/** An IPv6 customer has a whole network. */
export const sourceOf = (address: string) => (address.includes(':') ? `${address}/64` : address)

/** Those who are judged: all but partners and hosts. */
export function judged<T extends { readonly address: string }>(
  all: readonly T[],
  { partners }: DoorOrders,
  hosts: readonly string[],
): T[] {
  const spared = [...partners, ...hosts, ...HOST_ITSELF]
  return all.filter(({ address }) => !isAmong(sourceOf(address), spared))
}

/** Whether a test of whoever has that address was agreed on for that moment. */
export const isAgreedAtDoor = (orders: DoorOrders, address: string, now: number) =>
  isAgreed(orders, sourceOf(address), now)

import { GUARD_LIMITS } from '#contract/guard.ts'
import { networkOf } from '#contract/networks.ts'
import type { Wanted } from './ledger.ts'
import type { PacketNotice } from './notice.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Sources, and networks, that are remembered; the longest unheard go first. */
const ROOM = 5_000
/** Closed ports of one host, asked for within an hour by so many addresses, none of which asked for enough to be held. */
export const TOGETHER = { sources: 5, ports: 30 } as const

/** What an address is counted under: IPv6 by network, as the kernel does it. */
export const senderOf = (address: string) => networkOf(address, { 4: 32, 6: 64 }).replace(/\/64$/, '')

/** A search that is spread over addresses of one network. */
export interface Together {
  readonly network: string
  readonly sources: number
  readonly ports: number
}

/** Counts closed ports over hours, where the kernel's own memory ends. */
export interface LongView {
  /** Takes a question for a closed port; tells whom to hold, and of a search by many together, once an hour. */
  note(notice: PacketNotice): { readonly wanted?: Wanted; readonly together?: Together }
}

export function makeLongView(): LongView {
  const bySource = new Map<string, Map<string, number>>()
  const byNetwork = new Map<string, Map<string, { readonly source: string; readonly at: number }>>()
  const told = new Map<string, number>()
  return {
    note: ({ source, port, protocol, at }) => {
      const sender = senderOf(source)
      const pair = `${port}/${protocol}`
      const ports = touch(bySource, sender, () => new Map())
      ports.set(pair, at)
      for (const [key, time] of ports) if (at - time > DAY_MS) ports.delete(key)
      const network = networkOf(source, { 4: 24, 6: 48 })
      const pairs = touch(byNetwork, network, () => new Map())
      if (pairs.size < ROOM) pairs.set(pair, { source: sender, at })
      const wanted =
        ports.size > GUARD_LIMITS.closedPortsPerDay
          ? { address: sender, reason: `it asked for ${ports.size} closed ports within a day` }
          : undefined
      if (wanted !== undefined) bySource.delete(sender)
      const together = togetherOf(network, pairs, told, at)
      return { ...(wanted && { wanted }), ...(together && { together }) }
    },
  }
}

function togetherOf(
  network: string,
  pairs: Map<string, { readonly source: string; readonly at: number }>,
  told: Map<string, number>,
  at: number,
): Together | undefined {
  for (const [key, one] of pairs) if (at - one.at > HOUR_MS) pairs.delete(key)
  const sources = new Set([...pairs.values()].map(({ source }) => source)).size
  if (sources < TOGETHER.sources || pairs.size < TOGETHER.ports) return undefined
  if (at - (told.get(network) ?? Number.NEGATIVE_INFINITY) < HOUR_MS) return undefined
  touch(told, network, () => at)
  told.set(network, at)
  return { network, sources, ports: pairs.size }
}

/** The entry of a key, as the newest of at most so many. */
function touch<V>(map: Map<string, V>, key: string, make: () => V): V {
  const value = map.get(key) ?? make()
  map.delete(key)
  map.set(key, value)
  const oldest = map.size > ROOM ? map.keys().next().value : undefined
  if (oldest !== undefined) map.delete(oldest)
  return value
}

import { type Crowd, EDGE_LIMITS } from '#platform/edge/index.ts'
import { AGREED } from './agreed.ts'
import { type DoorDeed, type DoorOrders, isAgreedAtDoor, judged, sourceOf } from './at-door.ts'

/** What the edge had counted of a source when it was looked at last. */
export interface Counted extends Crowd {
  /** From where on its requests that do not end are counted together. */
  readonly from: { readonly at: number; readonly unended: number }
}
export type AllCounted = ReadonlyMap<string, Counted>

const WINDOW_MS = 10_000
const number = (count: number) => count.toLocaleString('en')

const REASONS = {
  tooMany: {
    severity: 4,
    words: `wanted more than ${number(EDGE_LIMITS.connectionsPerSource)} connections to the platform at the same time; those above that were refused.`,
  },
  tooFast: {
    severity: 4,
    words: `opened more than ${number(EDGE_LIMITS.newConnectionsPerSource)} connections to the platform within ten seconds; those above that were refused.`,
  },
  tooOften: {
    severity: 4,
    words: `sent more than ${number(EDGE_LIMITS.requestsPerSource)} requests within ten seconds; those above that were answered with 429.`,
  },
  unended: {
    severity: 3,
    words: `began requests and did not end them; their connections were closed after ${EDGE_LIMITS.requestTimeoutS} seconds at the latest.`,
  },
} as const
type Reason = keyof typeof REASONS
const REFUSALS = ['tooMany', 'tooFast', 'tooOften'] as const

/** What came since the last look: of whom, what, how often. */
export interface Grown {
  readonly address: string
  readonly reason: Reason
  readonly times: number
}

/**
 * Compares what the edge counts with the look before; without one, as when the agent begins, what is there was told by the agent
 * before it. Single requests that do not end are everybody's: a bad network does that.
 */
export function countCrowds(
  seen: readonly Crowd[],
  before: AllCounted | undefined,
  at: number,
): { readonly counted: AllCounted; readonly grown: Grown[] } {
  const counted = new Map<string, Counted>()
  const grown: Grown[] = []
  for (const one of seen) {
    const { address, unended } = one
    const old = before === undefined ? one : before.get(address)
    for (const reason of REFUSALS) {
      const times = growth(one[reason], old?.[reason] ?? 0)
      if (times > 0) grown.push({ address, reason, times })
    }
    // Who is seen for the first time has begun a moment ago, and his requests still have time: what did not end is of long before.
    const from = before?.get(address)?.from ?? { at, unended }
    const times = growth(unended, from.unended)
    const isMuch = times >= EDGE_LIMITS.unendedPerSource
    if (isMuch) grown.push({ address, reason: 'unended', times })
    const isOver = isMuch || unended < from.unended || at - from.at >= WINDOW_MS
    counted.set(address, { ...one, from: isOver ? { at, unended } : from })
  }
  return { counted, grown }
}

/** An edge that took another's place has begun to count anew. */
const growth = (now: number, before: number) => (now < before ? now : now - before)

/** What is told of those who took more of the edge than one source gets, without those who are never judged. */
export const judgeCrowds = (
  grown: readonly Grown[],
  orders: DoorOrders,
  hosts: readonly string[],
  now: number,
): DoorDeed[] =>
  judged(grown, orders, hosts).map(({ address, reason, times }) => {
    const agreed = isAgreedAtDoor(orders, address, now)
    const { severity, words } = REASONS[reason]
    return {
      ...{ address, times, agreed, kind: 'exhaustion', topic: reason, severity },
      message: `${sourceOf(address)} ${words}${agreed ? AGREED : ''}`,
    }
  })

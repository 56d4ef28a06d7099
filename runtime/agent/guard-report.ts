import type { GuardOrders, GuardReport, HostBlock } from '#contract/guard.ts'
import { describeHolds, type EventBook, type Hold, type Tally } from '#platform/guard/host.ts'
import type { PacketLog } from '#runtime/drivers/packet-log.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { DoorWatch } from './door-watch.ts'
import type { Bell } from './guard-bell.ts'

/** Whoever follows is told of what happens so close together at once. */
export const GATHER_MS = 100

/** What of a guard is told of. */
interface Reported {
  readonly book: EventBook
  readonly tally: Tally
  readonly orders: GuardOrders
  readonly holds: readonly Hold[]
  readonly problem: string
  readonly door: Pick<DoorWatch, 'problem'>
}

interface Asked {
  readonly after: number
  readonly waitMs: number
  readonly signal: AbortSignal
}

/** What there is to tell of after a number, as soon as there is something. `waitMs`: for how long at most. */
export async function reportOf(
  state: Reported,
  packets: Pick<PacketLog, 'problem'>,
  bell: Bell,
  { after, waitMs, signal }: Asked,
): Promise<GuardReport> {
  const end = Date.now() + waitMs
  while (state.book.number() <= after && Date.now() < end && !signal.aborted)
    await bell.wait(end - Date.now(), signal)
  // What comes with it is told with it.
  if (waitMs > 0) await pause(GATHER_MS, signal)
  const blocked: HostBlock[] = state.orders.blocks
    .filter(({ until }) => until === null || Date.parse(until) > Date.now())
    .map((block) => ({ ...block, kind: 'blocked' as const, times: 1 }))
  return {
    sequence: state.book.number(),
    problem: state.problem || packets.problem() || state.door.problem(),
    blocks: [...describeHolds(state.holds, Date.now()), ...blocked],
    events: state.book.since(after).map(({ event }) => event),
    counts: state.tally.since(after),
  }
}

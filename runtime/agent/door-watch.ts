import type { GuardOrders } from '#contract/guard.ts'
import type { Guesser, SignInDoor } from '#platform/edge/index.ts'
import {
  type EventBook,
  judgeGuessers,
  type Member,
  type Settled,
  SIGN_IN_SET,
  type Wanted,
} from '#platform/guard/host.ts'
import { pause } from '#runtime/kit/pause.ts'

/** The door where people sign in, and where it is. */
export interface PlacedDoor {
  readonly door: SignInDoor
  readonly address: string
  readonly port: number
}

/** What the door says of whom it turns away, in the words of the ledger that keeps everybody who is held. */
export interface DoorWatch {
  look(
    orders: GuardOrders,
    hosts: readonly string[],
  ): Promise<{ readonly members: readonly Member[]; readonly wanted: readonly Wanted[] }>
  change(changes: Settled['changes']): Promise<void>
  /** One sentence when the edge does not answer, else empty. */
  problem(): string
}

/** An edge that hangs must not keep the packet filter from being looked after. */
const ANSWERS_WITHIN_MS = 1_000
const SILENT = 'The edge does not say who guesses passwords.'

/** Watches the edge's door; a host without one has nobody there. */
export function watchDoor(
  placed: PlacedDoor | undefined,
  book: Pick<EventBook, 'noteGuessing'>,
  appAt: (address: string) => string | null,
): DoorWatch {
  if (placed === undefined)
    return {
      ...{ look: async () => ({ members: [], wanted: [] }), change: async () => undefined },
      problem: () => '',
    }
  const { door, address: destination, port } = placed
  let before = new Map<string, number>()
  let asking: Promise<readonly Guesser[] | undefined> | undefined
  let problem = ''
  const ask = async (at: number): Promise<readonly Guesser[]> => {
    asking ??= door
      .guessers(at)
      .catch(() => undefined)
      .finally(() => {
        asking = undefined
      })
    const seen = await Promise.race([asking, pause(ANSWERS_WITHIN_MS)])
    problem = seen === undefined ? SILENT : ''
    return seen ?? []
  }
  return {
    problem: () => problem,
    look: async (orders, hosts) => {
      const at = Date.now()
      const seen = await ask(at)
      const judged = judgeGuessers(seen, orders, hosts, at)
      for (const one of judged) {
        const attempts = one.failed + one.turnedAway - (before.get(one.address) ?? 0)
        if (attempts > 0) book.noteGuessing({ ...one, at, attempts, destination, port }, appAt(one.address))
      }
      before = new Map(seen.map((one) => [one.address, one.failed + one.turnedAway]))
      return {
        members: seen
          .filter(({ leftS }) => leftS > 0)
          .map(({ address, leftS }) => ({ set: SIGN_IN_SET, address, leftS })),
        wanted: judged.flatMap(({ wanted }) => wanted ?? []),
      }
    },
    change: async (changes) => {
      if (problem !== '') return
      for (const { set, address, leftS } of changes)
        if (set === SIGN_IN_SET) await door.turnAway(address, leftS, Date.now())
    },
  }
}

import type { GuardOrders } from '#contract/guard.ts'
import type { EdgeDoor, Guesser, SeenAtDoor } from '#platform/edge/index.ts'
import {
  type AllCounted,
  countCrowds,
  type EventBook,
  judgeCrowds,
  judgeGuessers,
  type Member,
  type Settled,
  SIGN_IN_SET,
  type Wanted,
} from '#platform/guard/host.ts'
import { pause } from '#runtime/kit/pause.ts'

/** The door where everybody comes in, and where it is. */
export interface PlacedDoor {
  readonly door: EdgeDoor
  readonly address: string
  /** Where people sign in. */
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
const SILENT = 'The edge does not say who guesses passwords or takes too many connections.'
const NOBODY = { members: [], wanted: [] }

/** Watches the edge's door; a host without one has nobody there. */
export function watchDoor(
  placed: PlacedDoor | undefined,
  book: Pick<EventBook, 'noteAtDoor'>,
  appAt: (address: string) => string | null,
): DoorWatch {
  if (placed === undefined)
    return { look: async () => NOBODY, change: async () => undefined, problem: () => '' }
  const { door, address: destination, port } = placed
  const ask = makeAsking(door)
  let attempts = new Map<string, number>()
  let counted: AllCounted | undefined
  let problem = ''
  const noteGuessers = (
    seen: readonly Guesser[],
    orders: GuardOrders,
    hosts: readonly string[],
    at: number,
  ) => {
    const judged = judgeGuessers(seen, orders, hosts, at)
    for (const one of judged) {
      const times = attemptsOf(one) - (attempts.get(one.address) ?? 0)
      const deed = { ...one, kind: 'password guessing', topic: 'sign-in', severity: 3, times } as const
      if (times > 0) book.noteAtDoor({ ...deed, at, destination, port }, appAt(one.address))
    }
    attempts = new Map(seen.map((one) => [one.address, attemptsOf(one)]))
    return judged.flatMap(({ wanted }) => wanted ?? [])
  }
  return {
    problem: () => problem,
    look: async (orders, hosts) => {
      const at = Date.now()
      const seen = await ask(at)
      problem = seen === undefined ? SILENT : ''
      // What was counted until now counts on: an edge that is busy forgets nothing.
      if (seen === undefined) return NOBODY
      const crowds = countCrowds(seen.crowds, counted, at)
      counted = crowds.counted
      for (const deed of judgeCrowds(crowds.grown, orders, hosts, at))
        book.noteAtDoor({ ...deed, at, destination, port: null }, appAt(deed.address))
      return {
        members: seen.guessers
          .filter(({ leftS }) => leftS > 0)
          .map(({ address, leftS }) => ({ set: SIGN_IN_SET, address, leftS })),
        wanted: noteGuessers(seen.guessers, orders, hosts, at),
      }
    },
    change: async (changes) => {
      if (problem !== '') return
      for (const { set, address, leftS } of changes)
        if (set === SIGN_IN_SET) await door.turnAway(address, leftS, Date.now())
    },
  }
}

const attemptsOf = ({ failed, turnedAway }: Guesser) => failed + turnedAway

/** Asks the door, once at a time; undefined when it does not answer soon: then the next look takes what it answers late. */
function makeAsking(door: EdgeDoor): (at: number) => Promise<SeenAtDoor | undefined> {
  let asking: Promise<SeenAtDoor | undefined> | undefined
  return async (at) => {
    asking ??= door.look(at).catch(() => undefined)
    const asked = asking
    const answer = await Promise.race([asked.then((seen) => ({ seen })), pause(ANSWERS_WITHIN_MS)])
    if (answer === undefined) return undefined
    if (asking === asked) asking = undefined
    return answer.seen
  }
}

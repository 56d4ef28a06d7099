import type { Haproxy } from '#runtime/drivers/haproxy.ts'
import { type Crowd, parseCrowds, SHOW_CROWDS } from './crowds.ts'
import { type Guesser, parseGuessers, SHOW_GUESSERS, turnAwayCommand } from './sign-ins.ts'

/** Whom the edge turns away or holds off at its door. */
export interface SeenAtDoor {
  readonly guessers: readonly Guesser[]
  readonly crowds: readonly Crowd[]
}

/** Where the agent sees who guesses passwords or takes too many connections, and turns guessers away. */
export interface EdgeDoor {
  /** Empty where no edge answers. */
  look(now: number): Promise<SeenAtDoor>
  /** Turns a source away for so long, 0: lets it in; what was counted of it is forgotten. */
  turnAway(address: string, leftS: number, now: number): Promise<void>
}

const SHOW = [...SHOW_GUESSERS, ...SHOW_CROWDS].join(';')

/** The door of the HAProxy that runs now; what it forgets when it ends without a successor the agent tells it again. */
export function makeEdgeDoor(haproxy: Pick<Haproxy, 'ask'>): EdgeDoor {
  return {
    look: async (now) => {
      const shown = (await haproxy.ask(SHOW)) ?? ''
      return { guessers: parseGuessers(shown, now), crowds: parseCrowds(shown) }
    },
    turnAway: async (address, leftS, now) => {
      await haproxy.ask(turnAwayCommand(address, leftS, now))
    },
  }
}

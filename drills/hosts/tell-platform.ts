import { type DrillEvent, isLastDrillEvent, type NumberedDrillEvent } from '#contract/drills.ts'
import { pause } from '#runtime/kit/pause.ts'

/** A page that is open shows what happens so soon. */
const EVERY_MS = 500
/** Somebody who has nothing to say says so, too: who is not heard has gone. */
const SIGN_OF_LIFE_MS = 5_000
/** More is not told at once. */
const MOST = 500
/** More of one drill is not kept; its end always is. */
const MOST_EVENTS = 5_000

/** What goes to the platform of a drill while it is carried out. */
export interface Telling {
  emit(event: DrillEvent): void
  /** Resolved when all is told. */
  end(): Promise<void>
}

/**
 * Hands the events of a drill on in their order, a few at a time, and a sign of life where there is none; `first` is the number of the
 * first one. `tell` is patient, and resolved when they are told or nobody will take them.
 */
export function tellPlatform(
  tell: (events: readonly NumberedDrillEvent[]) => Promise<void>,
  first: number,
): Telling {
  let waiting: NumberedDrillEvent[] = []
  const ended = new AbortController()
  let number = first
  const keepTelling = async () => {
    let toldMs = performance.now()
    while (!ended.signal.aborted || waiting.length > 0) {
      const events = waiting.slice(0, MOST)
      waiting = waiting.slice(MOST)
      if (events.length > 0 || performance.now() - toldMs > SIGN_OF_LIFE_MS) {
        await tell(events)
        toldMs = performance.now()
      }
      await pause(EVERY_MS, ended.signal)
    }
  }
  const telling = keepTelling()
  return {
    emit: (event) => {
      if (number >= MOST_EVENTS && !isLastDrillEvent(event)) return
      // What can be seen right now takes the place of what was seen before.
      if (event.type === 'show' && waiting.at(-1)?.event.type === 'show') {
        waiting.splice(-1, 1, { number: number - 1, event })
        return
      }
      waiting.push({ number, event })
      number += 1
    },
    end: async () => {
      ended.abort()
      await telling
    },
  }
}

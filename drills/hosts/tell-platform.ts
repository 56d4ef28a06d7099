import { type DrillEvent, drillRoutes, type NumberedDrillEvent } from '#contract/drills.ts'
import type { DrillStartId } from '#contract/ids.ts'
import { pause } from '#runtime/kit/pause.ts'
import { retrying } from '#runtime/kit/retry.ts'
import { RECORD_MS } from '../carry-out.ts'
import type { HostsGround } from './hosts-place.ts'

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
  /** Resolved when all is told; what the platform does not take for five minutes is lost. */
  end(): Promise<void>
}

/** Tells the platform in the lab what a drill does, `first` being the number of the first event. */
export function tellPlatform(lab: Pick<HostsGround, 'ask'>, start: DrillStartId, first = 1): Telling {
  const waiting: NumberedDrillEvent[] = []
  const ended = new AbortController()
  let number = first
  const emit = (event: DrillEvent) => {
    const isLast = event.type === 'done' || event.type === 'failed'
    if (number >= MOST_EVENTS && !isLast) return
    // What can be seen right now takes the place of what was seen before.
    if (event.type === 'show' && waiting.at(-1)?.event.type === 'show') {
      waiting.splice(-1, 1, { number: number - 1, event })
      return
    }
    waiting.push({ number, event })
    number += 1
  }
  const telling = keepTelling(lab, start, waiting, ended.signal)
  return {
    emit,
    end: async () => {
      ended.abort()
      await telling
    },
  }
}

/** Hands on what waits, and a sign of life where nothing does, until it has ended and nothing is left. */
async function keepTelling(
  lab: Pick<HostsGround, 'ask'>,
  start: DrillStartId,
  waiting: NumberedDrillEvent[],
  ended: AbortSignal,
): Promise<void> {
  let toldMs = performance.now()
  while (!ended.aborted || waiting.length > 0) {
    const events = waiting.slice(0, MOST)
    if (events.length > 0 || performance.now() - toldMs > SIGN_OF_LIFE_MS) {
      const request = { params: { start }, body: { events } }
      const tell = () => lab.ask((client) => client.call(drillRoutes.tellFromLab, request))
      // A drill may have taken every control plane away.
      await retrying(tell, { forMs: RECORD_MS }).catch(() => undefined)
      toldMs = performance.now()
      waiting.splice(0, events.length)
    }
    await pause(EVERY_MS, ended)
  }
}

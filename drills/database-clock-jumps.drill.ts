import { pause } from '#runtime/kit/pause.ts'
import { databaseFault, type FaultMeasure, measuresOfFault, SET_UP } from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'
import { type OtherClock, onOtherClock } from './other-clock.ts'

const JUMP_S = 60
/** Longer than the lease, so that whatever a jump sets off has come to its end before the next. */
const BETWEEN_MS = 8000

/** A clock is set while everything runs: by a person, by a machine that wakes up, by a time server that was wrong. */
export const databaseClockJumps: Drill<FaultMeasure> = {
  name: 'database-clock-jumps',
  promises: ['BAK-2', 'REC-2'],
  needs: 'pair',
  summary: "Set the primary's clock, and then the standby's, a minute ahead and back while an app writes",
  harmless: false,
  setUp: `${SET_UP} The time of day that a member’s server and keeper see can be set for each member.`,
  fault:
    'The primary’s clock jumps 60 s ahead, and after 8 s back again; then the standby’s does the same. The cluster’s store keeps the machine’s.',
  measures: measuresOfFault(7),
  expectedS: 150,
  begin,
}

/** Whoever is second by then has not had its turn yet: the first one took over from it. */
const MEMBERS_IN_TURN = ['standby', 'primary'] as const

function begin(place: DrillPlace): Stages<FaultMeasure> {
  const story = databaseFault(place, { copyMayLast: true, clocksDiffer: true })
  const clocks: OtherClock[] = []
  const clockOf = (member: string) => {
    const found = clocks.find((clock) => clock.member === member)
    if (found === undefined) throw new Error(`${member} has no clock of its own`)
    return found
  }
  const setClock = async (whose: string, clock: OtherClock, seconds: number) => {
    place.mark(`${whose} ${seconds === 0 ? 'back' : 'ahead'}`)
    await clock.set(seconds, story.doors())
    await pause(BETWEEN_MS, place.signal)
  }
  return {
    setUp: async () => {
      await story.setUp()
      for (const name of MEMBERS_IN_TURN)
        await story.prepare(async (pair) => {
          clocks.push(await onOtherClock(place, pair[name]))
        })
    },
    fault: () =>
      story.strike(async ({ primary, standby }) => {
        for (const seconds of [JUMP_S, 0]) await setClock('primary', clockOf(primary), seconds)
        for (const seconds of [JUMP_S, 0]) await setClock('standby', clockOf(standby), seconds)
      }),
    measure: story.measure,
    cleanUp: async () => {
      const { signal } = new AbortController()
      try {
        // The first one is the primary now: the other takes over when it is its turn.
        for (const clock of clocks) await story.prepare(() => clock.remove(), signal)
      } finally {
        await story.cleanUp()
      }
    },
  }
}

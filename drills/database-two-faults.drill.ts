import { pause } from '#runtime/kit/pause.ts'
import { databaseFault, type FaultMeasure, measuresOfFault, SET_UP } from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'
import { killContainer } from './kill-container.ts'

const APART_MS = 5000
/**
 * By the second fault nobody has what the new primary has: the first one is not back. So writes must wait until that same
 * container runs again and its server has recovered; taking over would lose what it acknowledged.
 */
const SILENCE_S = 30

/** Another fault before the pair is whole again: the one thing that two copies cannot sit out, only wait for. */
export const databaseTwoFaults: Drill<FaultMeasure> = {
  name: 'database-two-faults',
  promises: ['BAK-2', 'REC-2'],
  needs: 'pair',
  summary: "Kill the database's primary, and 5 s later the one that took over, while an app writes",
  harmless: false,
  setUp: SET_UP,
  fault:
    'kill -9 of the main process of the primary’s container; 5 s later, or as soon as another leads, the same to that one.',
  measures: measuresOfFault(SILENCE_S),
  expectedS: 75,
  begin,
}

function begin(place: DrillPlace): Stages<FaultMeasure> {
  const story = databaseFault(place)
  return {
    setUp: story.setUp,
    fault: async () => {
      await story.strike(({ primary }) => killContainer(place, primary))
      await pause(APART_MS, place.signal)
      await story.strikeAgain((primary) => killContainer(place, primary))
    },
    measure: story.measure,
    cleanUp: story.cleanUp,
  }
}

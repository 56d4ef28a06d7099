import { databaseFault, type FaultMeasure, measuresOfFault, SET_UP } from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'
import { killContainer } from './kill-container.ts'

/** The primary's container dies with all that runs in it, as when its host's engine loses it. */
export const databaseContainerDies: Drill<FaultMeasure> = {
  name: 'database-container-dies',
  promises: ['BAK-2', 'REC-2'],
  needs: 'pair',
  summary: "Kill the database's primary with its whole container while an app writes",
  harmless: false,
  setUp: SET_UP,
  fault: 'kill -9 of the main process of the primary’s container, and with it of everything in there.',
  measures: measuresOfFault(2.5),
  expectedS: 40,
  begin,
}

function begin(place: DrillPlace): Stages<FaultMeasure> {
  const story = databaseFault(place)
  return {
    setUp: story.setUp,
    fault: () => story.strike(({ primary }) => killContainer(place, primary)),
    measure: story.measure,
    cleanUp: story.cleanUp,
  }
}

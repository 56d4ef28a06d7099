import { databaseFault, type FaultMeasure, measuresOfFault, SET_UP } from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'
import { handLeadOver } from './switch-over.ts'

/** How long writes may rest when the lead is handed over as planned. */
export const STALL_S = 2

/** The lead goes to the standby as planned work has it go, which nothing forces: nobody has to be waited for. */
export const databaseHandsOver: Drill<FaultMeasure> = {
  name: 'database-hands-over',
  promises: ['PLT-3', 'BAK-2'],
  summary: 'Hand the lead of the database over to its standby while an app writes, as before planned work',
  needs: 'pair',
  harmless: false,
  setUp: SET_UP,
  fault: 'The primary hands its lead over to the standby (Patroni’s switchover).',
  measures: measuresOfFault(STALL_S),
  expectedS: 40,
  begin,
}

function begin(place: DrillPlace): Stages<FaultMeasure> {
  const story = databaseFault(place)
  return {
    setUp: story.setUp,
    fault: () => story.strike(({ primary, standby }) => handLeadOver(place, primary, standby, place.signal)),
    measure: story.measure,
    cleanUp: story.cleanUp,
  }
}

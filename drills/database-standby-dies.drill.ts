import { pullLink } from './container-link.ts'
import { databaseFault, ERRORS, type FaultMeasure, measuresOfFault, SET_UP } from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'
import { killContainer } from './kill-container.ts'

type Names = FaultMeasure | typeof ERRORS

/**
 * The standby is lost as a host is: its link first, so that nobody is told, and then all its processes. Writes wait for
 * its word until the primary has given it up.
 */
export const databaseStandbyDies: Drill<Names> = {
  name: 'database-standby-dies',
  promises: ['BAK-2', 'REC-2'],
  needs: 'pair',
  summary: "Lose the database's standby while an app writes",
  harmless: false,
  setUp: SET_UP,
  fault: 'The standby’s network link is pulled, and then the main process of its container killed.',
  measures: { ...measuresOfFault(5), [ERRORS]: { unit: 'writes', limit: 0 } },
  expectedS: 40,
  begin,
}

function begin(place: DrillPlace): Stages<Names> {
  const story = databaseFault(place)
  return {
    setUp: story.setUp,
    fault: () =>
      story.strike(async ({ standby }) => {
        // The link goes with the container; the one that is started again gets another.
        await pullLink(place, standby)
        await killContainer(place, standby)
      }),
    measure: async () => {
      const { values, result, errors, ...more } = await story.measure()
      return {
        ...more,
        values: { ...values, [ERRORS]: errors },
        result: `${result} ${errors} writes failed.`,
      }
    },
    cleanUp: story.cleanUp,
  }
}

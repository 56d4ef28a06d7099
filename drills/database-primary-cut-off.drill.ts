import { pause } from '#runtime/kit/pause.ts'
import { type PulledLink, pullLink } from './container-link.ts'
import { databaseFault, type FaultMeasure, measuresOfFault, SET_UP } from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'

const CUT_MS = 12_000

/** The primary lives on but reaches nobody: not its standby, not the cluster's store, not the apps. */
export const cutPrimaryOff = (cutMs: number): Drill<FaultMeasure> => ({
  name: 'database-primary-cut-off',
  promises: ['BAK-2', 'REC-2'],
  needs: 'pair',
  summary: `Cut the database's primary off from everything for ${cutMs / 1000} s while an app writes`,
  harmless: false,
  setUp: SET_UP,
  fault: `The primary’s network link is pulled, and plugged in again after ${cutMs / 1000} s.`,
  measures: measuresOfFault(7),
  expectedS: 40 + cutMs / 1000,
  begin: (place) => begin(place, cutMs),
})

/** As an operator and the tests run it. */
export const databasePrimaryCutOff = cutPrimaryOff(CUT_MS)

function begin(place: DrillPlace, cutMs: number): Stages<FaultMeasure> {
  const story = databaseFault(place)
  let link: PulledLink | undefined
  const heal = async () => {
    await link?.plugIn()
    link = undefined
  }
  return {
    setUp: story.setUp,
    fault: () =>
      story.strike(async ({ primary }) => {
        link = await pullLink(place, primary)
        await pause(cutMs, place.signal)
        await heal()
      }),
    measure: story.measure,
    cleanUp: async () => {
      await heal()
      await story.cleanUp()
    },
  }
}

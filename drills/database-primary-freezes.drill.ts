import { pause } from '#runtime/kit/pause.ts'
import { databaseFault, type FaultMeasure, measuresOfFault, SET_UP } from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'

const FROZEN_MS = 10_000

/**
 * The primary stands still and then goes on as if nothing had happened, as a virtual machine does that is moved. It still
 * believes that it leads: older versions of Patroni took the lead back and lost what had been acknowledged meanwhile.
 */
export const databasePrimaryFreezes: Drill<FaultMeasure> = {
  name: 'database-primary-freezes',
  promises: ['BAK-2', 'REC-2'],
  needs: 'pair',
  summary: "Freeze the database's primary for 10 s and thaw it while an app writes",
  harmless: false,
  setUp: SET_UP,
  fault: 'Every process in the primary’s container is frozen for 10 s, and then goes on.',
  measures: measuresOfFault(7),
  expectedS: 50,
  begin,
}

function begin(place: DrillPlace): Stages<FaultMeasure> {
  const story = databaseFault(place)
  let thawFrozen: (() => Promise<void>) | undefined
  const thaw = async () => {
    await thawFrozen?.()
    thawFrozen = undefined
  }
  return {
    setUp: story.setUp,
    fault: () =>
      story.strike(async ({ primary }) => {
        const { containers } = (await place.hostOf(primary)).docker
        const name = `${place.installation.name}-${primary}`
        await containers.freeze(name)
        thawFrozen = () => containers.thaw(name)
        await pause(FROZEN_MS, place.signal)
        await thaw()
      }),
    measure: story.measure,
    cleanUp: async () => {
      await thaw()
      await story.cleanUp()
    },
  }
}

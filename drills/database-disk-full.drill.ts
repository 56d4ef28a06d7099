import { pause } from '#runtime/kit/pause.ts'
import {
  type DatabaseFault,
  databaseFault,
  type FaultMeasure,
  measuresOfFault,
  SET_UP,
} from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'
import { findPair } from './look-at-pair.ts'
import { NothingProven } from './not-measured.ts'
import { onSmallDisk, type SmallDisk } from './small-disk.ts'
import { handLeadOver } from './switch-over.ts'

const FULL_MS = 15_000

/**
 * The file system under the primary's data is full to the last byte. Unlike a server that cannot write at all, this one goes
 * on: it answers, its keeper finds it healthy, and every write that needs a new page fails.
 */
export const databaseDiskFull: Drill<FaultMeasure> = {
  name: 'database-disk-full',
  promises: ['BAK-2', 'REC-2'],
  needs: 'pair',
  summary: "Fill the disk under the primary's data for 15 s while an app writes",
  harmless: false,
  setUp: `${SET_UP} The primary’s data is on a small file system of its own (in memory).`,
  fault: 'A file takes every byte that is left on the primary’s file system, and is removed after 15 s.',
  measures: measuresOfFault(7),
  expectedS: 90,
  begin,
}

function begin(place: DrillPlace): Stages<FaultMeasure> {
  // Where nobody takes over, the standby confirms writes over the same connection all the time.
  const story = databaseFault(place, { copyMayLast: true })
  let disk: SmallDisk | undefined
  return {
    setUp: async () => {
      await story.setUp()
      await story.prepare(async ({ primary, standby }) => {
        disk = await onSmallDisk(place, standby, primary)
      })
      await story.prepare(({ primary, standby }) => handLeadOver(place, primary, standby, place.signal))
    },
    fault: () =>
      story.strike(async ({ primary }) => {
        if (disk?.member !== primary) throw new NothingProven('the primary is not on the small disk')
        await disk.fill()
        await pause(FULL_MS, place.signal)
        await disk.makeRoom()
      }),
    measure: story.measure,
    cleanUp: async () => {
      try {
        if (disk !== undefined) await putBack(place, story, disk)
      } finally {
        await story.cleanUp()
      }
    },
  }
}

/** The member goes back onto the disk that it had, as soon as the other one leads. */
async function putBack(place: DrillPlace, story: DatabaseFault, disk: SmallDisk): Promise<void> {
  const { signal } = new AbortController()
  await disk.makeRoom()
  const { primary, standby } = await findPair(story.doors())
  if (primary === disk.member)
    await story.prepare(() => handLeadOver(place, primary, standby, signal), signal)
  await story.prepare(() => disk.remove(), signal)
}

import { pause } from '#runtime/kit/pause.ts'
import { databaseFault, type FaultMeasure, measuresOfFault, SET_UP } from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'
import { NothingProven } from './not-measured.ts'

const FULL_MS = 15_000
/** Less than a segment of the write-ahead log has. */
const FILE_BYTES = 1_048_576
const UNLIMITED = -1

/**
 * The primary's files cannot grow. PostgreSQL ignores the signal for a file's size limit on purpose, so that reaching it is
 * the same as a full disk; and the limit can be given to a running server, which another file system cannot.
 */
export const primaryCannotWrite = (fullMs: number): Drill<FaultMeasure> => ({
  name: 'database-primary-cannot-write',
  promises: ['BAK-2', 'REC-2'],
  needs: 'pair',
  summary: `Let the primary's writes fail as on a full disk for ${fullMs / 1000} s while an app writes`,
  harmless: false,
  setUp: SET_UP,
  fault: `For ${fullMs / 1000} s no process in the primary’s container can write past the first MB of a file, which its server takes for a full disk.`,
  measures: measuresOfFault(5),
  expectedS: 45 + fullMs / 1000,
  begin: (place) => begin(place, fullMs),
})

/** As an operator and the tests run it. */
export const databasePrimaryCannotWrite = primaryCannotWrite(FULL_MS)

function begin(place: DrillPlace, fullMs: number): Stages<FaultMeasure> {
  const story = databaseFault(place)
  let full: string | undefined
  const makeRoom = async () => {
    if (full !== undefined) await limitFiles(place, full, UNLIMITED)
    full = undefined
  }
  return {
    setUp: story.setUp,
    fault: () =>
      story.strike(async ({ primary }) => {
        full = primary
        await limitFiles(place, primary, FILE_BYTES)
        await pause(fullMs, place.signal)
        await makeRoom()
      }),
    measure: story.measure,
    cleanUp: async () => {
      await makeRoom()
      await story.cleanUp()
    },
  }
}

/**
 * Run inside, as the user that the server has: on a host that is itself confined not even root may do it. The soft limit
 * only, which can be raised again; what is started later has the limit of its parent.
 */
const LIMIT = `
import os, resource, sys
for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):
    try:
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (int(sys.argv[1]), hard))
    except ProcessLookupError:
        pass
`

async function limitFiles(
  { hostOf, installation }: DrillPlace,
  member: string,
  bytes: number,
): Promise<void> {
  const { docker } = await hostOf(member)
  const argv = ['python3', '-c', LIMIT, String(bytes)]
  const { exitCode, stderr } = await docker.containers.exec(`${installation.name}-${member}`, argv)
  if (exitCode !== 0) throw new NothingProven(stderr.trim())
}

import { run } from '#runtime/drivers/process.ts'
import { pause } from '#runtime/kit/pause.ts'
import { databaseFault, type FaultMeasure, measuresOfFault, SET_UP } from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'

const FULL_MS = 15_000
/** Less than a segment of the write-ahead log has. */
const FILE_BYTES = 1_048_576

/**
 * The primary's files cannot grow. PostgreSQL ignores the signal for a file's size limit on purpose, so that reaching it is
 * the same as a full disk; and the limit can be given to a running server, which another file system cannot.
 */
export const databasePrimaryCannotWrite: Drill<FaultMeasure> = {
  name: 'database-primary-cannot-write',
  promises: ['BAK-2', 'REC-2'],
  summary: "Let the primary's writes fail as on a full disk for 15 s while an app writes",
  harmless: false,
  setUp: SET_UP,
  fault:
    'For 15 s no process in the primary’s container can write past the first MB of a file, which its server takes for a full disk.',
  measures: measuresOfFault(5),
  expectedS: 60,
  begin,
}

function begin(place: DrillPlace): Stages<FaultMeasure> {
  const story = databaseFault(place)
  let full: string | undefined
  const makeRoom = async () => {
    if (full !== undefined) await limitFiles(place, full, 'unlimited')
    full = undefined
  }
  return {
    setUp: story.setUp,
    fault: () =>
      story.strike(async ({ primary }) => {
        full = primary
        await limitFiles(place, primary, String(FILE_BYTES))
        await pause(FULL_MS, place.signal)
        await makeRoom()
      }),
    measure: story.measure,
    cleanUp: async () => {
      await makeRoom()
      await story.cleanUp()
    },
  }
}

/** The soft limit only, which can be raised again. What is started later has the limit of its parent. */
async function limitFiles(
  { docker, installation }: DrillPlace,
  member: string,
  bytes: string,
): Promise<void> {
  for (const { pid } of await docker.containers.processes(`${installation.name}-${member}`)) {
    const { exitCode, stderr } = await run(['prlimit', `--pid=${pid}`, `--fsize=${bytes}:`])
    if (exitCode !== 0 && !stderr.includes('No such process')) throw new Error(stderr.trim())
  }
}

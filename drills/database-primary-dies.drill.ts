import type { Docker } from '#runtime/drivers/docker.ts'
import { databaseFault, type FaultMeasure, measuresOfFault, SET_UP } from './database-fault.ts'
import type { Drill, DrillPlace, Stages } from './drill.ts'

/** kill -9 of the primary's server, under an app that writes. */
export const databasePrimaryDies: Drill<FaultMeasure> = {
  name: 'database-primary-dies',
  promises: ['BAK-2', 'REC-2'],
  needs: 'pair',
  summary: "Kill the database's primary while an app writes",
  harmless: false,
  setUp: SET_UP,
  fault: "kill -9 of the database server's main process on the primary.",
  measures: measuresOfFault(2.5),
  expectedS: 45,
  begin,
}

function begin(place: DrillPlace): Stages<FaultMeasure> {
  const story = databaseFault(place)
  return {
    setUp: story.setUp,
    fault: () =>
      story.strike(async ({ primary }) => {
        const { docker, kill } = await place.hostOf(primary)
        await kill(await findPostmaster(docker, `${place.installation.name}-${primary}`))
      }),
    measure: story.measure,
    cleanUp: story.cleanUp,
  }
}

/** The server's main process in a member's container, by its number on the host. */
async function findPostmaster({ containers }: Docker, member: string): Promise<number> {
  const processes = await containers.processes(member)
  const postmaster = processes.find(({ command }) => /\/postgres -D /.test(command))
  if (postmaster === undefined) throw new Error(`no database server runs in ${member}`)
  return postmaster.pid
}

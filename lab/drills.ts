import { killGroup, processesIn } from '#runtime/drivers/control-groups.ts'
import { ownProgram } from '#runtime/drivers/own-program.ts'
import { ensureKeeper, findKeeper, groupFolder, type Keeper, waitFor } from './keeper.ts'
import type { Lab } from './lab.ts'
import { takesHosts } from './plan.ts'

/** Who has carried out, beside the hosts, the drills that are started from the platform in them. */
const KEEPER: Pick<Keeper, 'group' | 'program'> = { group: 'drills', program: 'maru-lab-drills' }
/** A drill whose keeper has gone cleans up so long. */
const CLEAN_UP_MS = 60_000

/** Starts it where the lab has what such drills take. One that carries out nothing is replaced: it may be of an earlier version. */
export async function ensureDrills(lab: Lab): Promise<void> {
  if (!takesHosts(lab.file.shape)) return
  const folder = groupFolder(lab, KEEPER.group)
  const isThere = await hasDrills(lab)
  const others = async () => (await processesIn(folder)).length > (isThere ? 1 : 0)
  if (isThere && (await others())) return
  const ended = waitFor(
    'What is left of a drill',
    async () => ((await others()) ? undefined : true),
    CLEAN_UP_MS,
  )
  await ended.catch(() => undefined)
  await killGroup(folder)
  const argv = [process.execPath, ownProgram('maru-lab-drills'), '--lab', lab.home]
  await ensureKeeper(lab, { ...KEEPER, argv })
}

/** Whether drills that take hosts can be started from the platform, too. */
export const hasDrills = async (lab: Lab): Promise<boolean> => (await findKeeper(lab, KEEPER)) !== undefined

import { ownProgram } from '#runtime/drivers/own-program.ts'
import { ensureKeeper, findKeeper, type Keeper } from './keeper.ts'
import type { Lab } from './lab.ts'
import { takesHosts } from './plan.ts'

/** Who carries out, beside the hosts, the drills that are started from the platform in them. */
const KEEPER: Pick<Keeper, 'group' | 'program'> = { group: 'drills', program: 'maru-lab-drills' }

/** Starts it where the lab has what such drills take. */
export async function ensureDrills(lab: Lab): Promise<void> {
  if (!takesHosts(lab.file.shape)) return
  const argv = [process.execPath, ownProgram('maru-lab-drills'), '--lab', lab.home]
  await ensureKeeper(lab, { ...KEEPER, argv })
}

/** Whether drills that take hosts can be started from the platform, too. */
export const hasDrills = async (lab: Lab): Promise<boolean> => (await findKeeper(lab, KEEPER)) !== undefined

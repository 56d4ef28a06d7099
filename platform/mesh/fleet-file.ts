import { join } from 'node:path'
import { parseWith } from '#contract/errors.ts'
import { Fleet, NO_FLEET } from '#contract/fleet.ts'
import { HOME } from '#contract/installation.ts'
import { readJson } from '#runtime/drivers/files.ts'

/** What the control plane said last of the hosts; nothing before the first has joined. */
export const loadFleet = async (home: string): Promise<Fleet> =>
  parseWith(Fleet, (await readJson(join(home, HOME.fleet))) ?? NO_FLEET, HOME.fleet)

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FIRST_GROUP, FIRST_GROUP_WEIGHT } from '#contract/turn.ts'
import { controlGroups, removeGroups } from './engine-groups.ts'
import type { EngineInfo } from './engine-info.ts'
import { readText } from './files.ts'

/** Each 50 ms: as long as the engine takes to remove the groups of containers that have ended. */
const ATTEMPTS = 40

type Engine = Pick<EngineInfo, 'cgroupDriver' | 'cgroupVersion'>

/** The group of what is first in turn, as the engine takes it for a container's parent; undefined where systemd makes one for each. */
export const firstGroupOf = ({ cgroupDriver }: Pick<Engine, 'cgroupDriver'>): string | undefined =>
  cgroupDriver === 'cgroupfs' ? `/${FIRST_GROUP}` : undefined

/**
 * Gives the group its weight. Made with its first container, it begins with that of a single process: after a start of the machine,
 * too. Before there is one, nothing is to be done.
 */
export async function weighFirstGroup(engine: Engine, root?: string): Promise<void> {
  if (firstGroupOf(engine) === undefined) return
  const [path, weight] =
    engine.cgroupVersion === '1'
      ? [`cpu/${FIRST_GROUP}/cpu.shares`, FIRST_GROUP_WEIGHT.shares]
      : [`${FIRST_GROUP}/cpu.weight`, FIRST_GROUP_WEIGHT.weight]
  const file = join(root ?? (await controlGroups()), path)
  const now = await readText(file)
  if (now !== undefined && Number(now) !== weight) await writeFile(file, String(weight))
}

/** Removes the group; it stays while another installation has something in it. */
export async function removeFirstGroup(engine: Engine, root?: string): Promise<void> {
  if (firstGroupOf(engine) === undefined) return
  try {
    await removeGroups(engine, FIRST_GROUP, root ?? (await controlGroups()), ATTEMPTS)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
  }
}

import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { HOST_CGROUP } from '#contract/installation.ts'
import type { EngineInfo } from './engine-info.ts'
import { exists, isAbsent } from './files.ts'

/**
 * The machine's tree of control groups: inside the agent's container /sys/fs/cgroup shows the agent's own, and the machine's is beside
 * it.
 */
export const controlGroups = async (): Promise<string> =>
  (await exists(HOST_CGROUP)) ? HOST_CGROUP : '/sys/fs/cgroup'

/**
 * Removes a group that containers were put under from every tree that the machine has. What is below it is the engine's to remove, and may
 * be another installation's: unlike `removeGroup` (control-groups.ts) it leaves that alone. Throws EBUSY while there is something in it.
 */
export async function removeGroups(
  { cgroupVersion }: Pick<EngineInfo, 'cgroupVersion'>,
  name: string,
  root: string,
  attempts = 100,
): Promise<void> {
  const trees = cgroupVersion === '1' ? (await readdir(root)).map((one) => join(root, one)) : [root]
  await Promise.all(trees.map((tree) => removeGroup(join(tree, name), attempts)))
}

/** The engine removes a container's own group a moment after the container; until then the one above is busy. */
async function removeGroup(folder: string, attempts: number): Promise<void> {
  if (!(await exists(folder))) return
  try {
    await rmdir(folder)
  } catch (error) {
    if (isAbsent(error)) return
    if (attempts === 0 || (error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    await pause(50)
    await removeGroup(folder, attempts - 1)
  }
}

import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { takeLock } from '#platform/hosts/index.ts'
import { foldersOf, killGroup, removeGroup } from '#runtime/drivers/control-groups.ts'
import { exists } from '#runtime/drivers/files.ts'
import { groupOf, LAB_FILES, requireGroupTrees } from './lab.ts'

/** What the lab puts into its folder; the description is the last to go, so that a half-done removal can be done again. */
const OWN_FILES = [LAB_FILES.hosts, LAB_FILES.names, LAB_FILES.logs, 'trial', LAB_FILES.lab]

/**
 * Takes a lab away, whatever state it is in. Every process of it is in its control group, and its namespaces, mounts and
 * interfaces are held by nothing but those processes: they end with them. Gives what was there.
 */
export async function labDown(home: string): Promise<string[]> {
  const unlock = await takeLock(home, 'lab down')
  try {
    const folders = foldersOf(await requireGroupTrees(), groupOf(home))
    const removed: string[] = []
    await killGroup(folders[folders.length - 1] ?? '')
    for (const folder of folders) {
      if (!(await exists(folder))) continue
      await removeGroup(folder)
      removed.push(folder)
    }
    for (const name of OWN_FILES) {
      const path = join(home, name)
      if (!(await exists(path))) continue
      await rm(path, { recursive: true, force: true })
      removed.push(path)
    }
    await removeIfEmpty(home)
    return removed
  } finally {
    unlock()
  }
}

/** Files of somebody else in the folder stay, and so does the folder then. */
async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

import { readdir, readFile, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isAbsent } from '#runtime/drivers/files.ts'

const TREE = '/sys/fs/cgroup'

/** Removes the control groups that `boot-machine.sh` made for a machine, and what grew below them. */
export async function removeMachineGroups(name: string): Promise<void> {
  for (const above of await ownGroups()) await removeGroups(join(above, name))
}

/** The folder of each group that this process is in: machines are below. */
async function ownGroups(): Promise<string[]> {
  const lines = (await readFile('/proc/self/cgroup', 'utf8')).trim().split('\n')
  return lines.map((line) => {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    return join(TREE, names === '' ? 'unified' : names.replace(/^name=/, ''), path)
  })
}

/** Processes that were killed are in their groups for a moment longer. */
async function removeGroups(folder: string, attempts = 100): Promise<void> {
  try {
    const below = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())
    for (const { name } of below) await removeGroups(join(folder, name), attempts)
    await rmdir(folder)
  } catch (error) {
    if (isAbsent(error)) return
    if (attempts === 0 || (error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    await delay(100)
    await removeGroups(folder, attempts - 1)
  }
}

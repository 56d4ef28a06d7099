import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeGroup } from '#runtime/drivers/control-groups.ts'

const TREE = '/sys/fs/cgroup'

/** Removes the control groups that `boot-machine.sh` made for a machine, and what grew below them. */
export async function removeMachineGroups(name: string): Promise<void> {
  for (const above of await ownGroups()) await removeGroup(join(above, name))
}

/** The folder of each group that this process is in: machines are below. */
async function ownGroups(): Promise<string[]> {
  const lines = (await readFile('/proc/self/cgroup', 'utf8')).trim().split('\n')
  return lines.map((line) => {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    return join(TREE, names === '' ? 'unified' : names.replace(/^name=/, ''), path)
  })
}

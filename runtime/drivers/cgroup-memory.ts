import { join } from 'node:path'
import { readText } from './files.ts'

const CGROUPS = '/sys/fs/cgroup'

/** The group of a process that counts its memory: under the memory controller of version 1, or the one of version 2. */
export function memoryGroupOf(
  procCgroup: string,
): { readonly version: 1 | 2; readonly path: string } | undefined {
  const rows = procCgroup.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
  const old = rows.find((row) => row?.[1]?.split(',').includes('memory'))
  if (old?.[2] !== undefined) return { version: 1, path: old[2] }
  const unified = rows.find((row) => row?.[1] === '')
  return unified?.[2] === undefined ? undefined : { version: 2, path: unified[2] }
}

/** A process may end between finding and reading it: its files are then there, but say so. */
async function readLive(path: string): Promise<string | undefined> {
  try {
    return await readText(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH' || code === 'ENODEV') return undefined
    throw error
  }
}

/** A number of a `memory.stat` file. */
const statOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)

/**
 * Memory that the group of a process uses, without page cache that gives way. The engine's own answer takes a second.
 * Undefined where the group cannot be read.
 */
export async function readGroupMemory(pid: number): Promise<number | undefined> {
  if (pid <= 0) return undefined
  const group = memoryGroupOf((await readLive(`/proc/${pid}/cgroup`)) ?? '')
  // The root group counts the whole machine.
  if (group === undefined || group.path === '/') return undefined
  const isOld = group.version === 1
  const folder = isOld ? join(CGROUPS, 'memory', group.path) : join(CGROUPS, group.path)
  const [used, stat] = await Promise.all([
    readLive(join(folder, isOld ? 'memory.usage_in_bytes' : 'memory.current')),
    readLive(join(folder, 'memory.stat')),
  ])
  if (used === undefined || stat === undefined) return undefined
  return Math.max(0, Number(used) - statOf(stat, isOld ? 'total_inactive_file' : 'inactive_file'))
}

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { controlGroups } from './engine-groups.ts'
import { readText } from './files.ts'

/** Where the kernel counts what the processes of a container use. A container that restarts has the same folders. */
export interface UsageGroup {
  readonly version: 1 | 2
  readonly memory: string
  readonly cpu: string
}

export interface Usage {
  /** Without page cache that gives way. */
  readonly memoryBytes: number
  /** Processor time since the group was made. */
  readonly cpuUs: number
  /** Names this life of the group: a restarted container has a new group, which counts from zero again. */
  readonly life: string
}

/** The group of a process under a controller of version 1, or the one of version 2. */
export function groupOf(
  procCgroup: string,
  controller: string,
): { readonly version: 1 | 2; readonly path: string } | undefined {
  const rows = procCgroup.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
  const old = rows.find((row) => row?.[1]?.split(',').includes(controller))
  if (old?.[2] !== undefined) return { version: 1, path: old[2] }
  const unified = rows.find((row) => row?.[1] === '')
  return unified?.[2] === undefined ? undefined : { version: 2, path: unified[2] }
}

/** Undefined for what has just ended: its files may still be there, but say so. */
async function unlessEnded<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH' || code === 'ENODEV' || code === 'ENOENT') return undefined
    throw error
  }
}

/** The groups of a process; undefined where they cannot be told from the whole machine's. */
export async function findUsageGroup(pid: number): Promise<UsageGroup | undefined> {
  if (pid <= 0) return undefined
  const text = (await unlessEnded(readText(`/proc/${pid}/cgroup`))) ?? ''
  const memory = groupOf(text, 'memory')
  const cpu = groupOf(text, 'cpuacct')
  const isRoot = memory?.path === '/' || cpu?.path === '/'
  if (memory === undefined || cpu === undefined || memory.version !== cpu.version || isRoot) return undefined
  const root = await controlGroups()
  const isOld = memory.version === 1
  return {
    version: memory.version,
    memory: join(root, isOld ? 'memory' : '', memory.path),
    cpu: join(root, isOld ? 'cpuacct' : '', cpu.path),
  }
}

/** A number of a file such as `memory.stat`. */
const statOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)

/** What a group uses now; undefined when it is gone. */
export async function readUsage({ version, memory, cpu }: UsageGroup): Promise<Usage | undefined> {
  const isOld = version === 1
  const [used, detail, time, folder] = await Promise.all([
    unlessEnded(readText(join(memory, isOld ? 'memory.usage_in_bytes' : 'memory.current'))),
    unlessEnded(readText(join(memory, 'memory.stat'))),
    unlessEnded(readText(join(cpu, isOld ? 'cpuacct.usage' : 'cpu.stat'))),
    unlessEnded(stat(cpu)),
  ])
  if (used === undefined || detail === undefined || time === undefined || folder === undefined)
    return undefined
  const cache = statOf(detail, isOld ? 'total_inactive_file' : 'inactive_file')
  return {
    memoryBytes: Math.max(0, Number(used) - cache),
    cpuUs: isOld ? Math.round(Number(time) / 1000) : statOf(time, 'usage_usec'),
    life: String(folder.ino),
  }
}

import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isAbsent, readText } from './files.ts'

/** Where the kernel's hierarchies of control groups are mounted. */
export interface GroupTrees {
  /** Version 2: every process is in one group of it; it can be frozen and killed whole. */
  readonly unified: string
  /** Version 1: each for some controllers; none where version 2 has them all. */
  readonly others: readonly string[]
}

const JOIN = join(import.meta.dirname, 'join-groups.sh')
const EVERY_MS = 10

/** The hierarchies in a mountinfo; undefined where version 2 is not mounted. */
export function parseGroupTrees(mountinfo: string): GroupTrees | undefined {
  const mounts = mountinfo
    .split('\n')
    .map((line) => /^\S+ \S+ \S+ \S+ (\S+) .* - (cgroup2?) /.exec(line))
    .filter((found) => found !== null)
    .map(([, folder = '', kind]) => ({ folder, kind }))
  const unified = mounts.find(({ kind }) => kind === 'cgroup2')?.folder
  const others = mounts.filter(({ kind }) => kind === 'cgroup').map(({ folder }) => folder)
  return unified === undefined ? undefined : { unified, others: [...new Set(others)] }
}

/** The hierarchies of this machine. */
export const findGroupTrees = async () => parseGroupTrees((await readText('/proc/self/mountinfo')) ?? '')

/** The folders of a group, one in each hierarchy; that of the unified one is the last. */
export const foldersOf = ({ unified, others }: GroupTrees, group: string): [...string[], string] => [
  ...others.map((tree) => join(tree, group)),
  join(unified, group),
]

/** Makes a group in a hierarchy, and those above it. */
export async function ensureGroup(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  // A new group of this controller has no processors, and nothing can run in it.
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    const have = await readText(join(folder, name))
    if (have?.trim() !== '') continue
    const above = await readText(join(dirname(folder), name))
    if (above !== undefined) await writeFile(join(folder, name), above)
  }
}

/** Hands on to the groups below what the groups above have handed to this one. Nothing where version 1 has it. */
export async function handControllersOn(folder: string): Promise<void> {
  const names = ((await readText(join(folder, 'cgroup.controllers'))) ?? '').split(/\s+/).filter(Boolean)
  for (const name of names) await writeFile(join(folder, 'cgroup.subtree_control'), `+${name}`)
}

/** The processes of a group of the unified hierarchy; none where there is no such group. */
export async function processesIn(folder: string): Promise<number[]> {
  const text = await readText(join(folder, 'cgroup.procs'))
  return (text ?? '').split('\n').filter(Boolean).map(Number)
}

/** What the kernel says of a group of the unified hierarchy and all below it; undefined where there is none. */
export async function groupState(
  folder: string,
): Promise<{ readonly populated: boolean; readonly frozen: boolean } | undefined> {
  const [events, frozen] = await Promise.all(
    ['cgroup.events', 'cgroup.freeze'].map((name) => readText(join(folder, name))),
  )
  if (events === undefined) return undefined
  return { populated: /^populated 1$/m.test(events), frozen: frozen?.trim() === '1' }
}

/** Stops every process of a group and of those below, or lets them go on; back when the kernel has done it. */
export async function setFrozen(folder: string, frozen: boolean, timeoutMs = 10_000): Promise<void> {
  await writeFile(join(folder, 'cgroup.freeze'), frozen ? '1' : '0')
  const wanted = new RegExp(`^frozen ${frozen ? 1 : 0}$`, 'm')
  await untilEvents(folder, (events) => wanted.test(events), timeoutMs)
}

/**
 * Ends every process of a group and of those below in one moment, frozen ones too; back when they are gone. The first process
 * of a namespace leaves its group before it has seen all the others end, so each is waited for by itself, too.
 */
export async function killGroup(folder: string, timeoutMs = 30_000): Promise<void> {
  const end = performance.now() + timeoutMs
  const pids = await processesBelow(folder)
  const running = await Promise.all(pids.map(async (pid) => ({ pid, start: await startOf(pid) })))
  try {
    await writeFile(join(folder, 'cgroup.kill'), '1')
  } catch (error) {
    if (isAbsent(error)) return
    throw error
  }
  await untilEvents(folder, (events) => events.includes('populated 0'), timeoutMs)
  for (const { pid, start } of running)
    while (start !== undefined && (await startOf(pid)) === start) {
      if (performance.now() > end) throw new Error(`process ${pid} has not ended in ${timeoutMs / 1000} s`)
      await delay(EVERY_MS)
    }
}

/** The processes of a group of the unified hierarchy and of those below it. */
async function processesBelow(folder: string): Promise<number[]> {
  const below = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error)) return []
    throw error
  })
  const groups = below.filter((entry) => entry.isDirectory())
  const inner = await Promise.all(groups.map(({ name }) => processesBelow(join(folder, name))))
  return [...(await processesIn(folder)), ...inner.flat()]
}

/** When a process was started, in ticks since the machine's start; undefined once it has ended, also while nobody has asked how (proc(5)). */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [state = '', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' || 'ZX'.includes(state) ? undefined : rest[18]
}

async function untilEvents(
  folder: string,
  accept: (events: string) => boolean,
  timeoutMs: number,
): Promise<void> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const events = await readText(join(folder, 'cgroup.events'))
    if (events === undefined || accept(events)) return
    if (performance.now() > end)
      throw new Error(`${folder} has not changed in ${timeoutMs / 1000} s: ${events}`)
    await delay(EVERY_MS)
  }
}

/** Removes a group and those below it. Processes that were killed are in theirs for a moment longer. */
export async function removeGroup(folder: string, attempts = 100): Promise<void> {
  try {
    const below = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())
    for (const { name } of below) await removeGroup(join(folder, name), attempts)
    await rmdir(folder)
  } catch (error) {
    if (isAbsent(error)) return
    if (attempts === 0 || (error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    await delay(100)
    await removeGroup(folder, attempts - 1)
  }
}

/** Arguments that start a program in groups, given by their folders. */
export const inGroups = (folders: readonly string[], argv: readonly string[]): [string, ...string[]] => [
  JOIN,
  ...folders,
  '--',
  ...argv,
]

/** Memory that a group and those below it use; undefined where nobody counts it. */
export async function memoryOf(trees: GroupTrees, group: string): Promise<number | undefined> {
  const files = [
    ...trees.others.map((tree) => join(tree, group, 'memory.usage_in_bytes')),
    join(trees.unified, group, 'memory.current'),
  ]
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (isAbsent(error)) return undefined
      throw error
    })
    if (text !== undefined) return Number(text)
  }
  return undefined
}

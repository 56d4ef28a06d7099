import { readdir, readlink } from 'node:fs/promises'
import { readText } from './files.ts'

/** What of the machine a process sees for itself, as `nsenter` calls it. */
export const EVERY_NAMESPACE = ['mount', 'uts', 'ipc', 'net', 'pid', 'cgroup'] as const
export type Namespace = (typeof EVERY_NAMESPACE)[number]

/** Arguments that run a program in namespaces of a process. */
export const inNamespaces = (
  pid: number,
  namespaces: readonly Namespace[],
  argv: readonly string[],
): [string, ...string[]] => [
  'nsenter',
  '--target',
  String(pid),
  ...namespaces.map((name) => `--${name}`),
  '--',
  ...argv,
]

/** Arguments that run a program in new namespaces. */
export const inNewNamespaces = (
  namespaces: readonly Namespace[],
  argv: readonly string[],
): [string, ...string[]] => ['unshare', ...namespaces.map((name) => `--${name}`), '--', ...argv]

/** Of these processes, the first one of a namespace of processes just below this machine's. */
export async function firstProcess(pids: readonly number[]): Promise<number | undefined> {
  for (const pid of pids) {
    const status = await readStatus(pid)
    const numbers = /^NSpid:\s+(.*)$/m.exec(status ?? '')?.[1]?.split(/\s+/) ?? []
    if (numbers.length === 2 && numbers[1] === '1') return pid
  }
  return undefined
}

/**
 * This machine's number for a process that a machine of namespaces calls `pid`; `root` is where the files of that one are seen.
 * Undefined when it has ended.
 */
export async function numberFromOutside(root: string, pid: number): Promise<number | undefined> {
  const wanted = await identityOf(`${root}/proc/${pid}`)
  if (wanted === undefined) return undefined
  for (const name of await readdir('/proc'))
    if (/^\d+$/.test(name) && (await identityOf(`/proc/${name}`)) === wanted) return Number(name)
  return undefined
}

/** Ended meanwhile, or one that this program may not look at, and so may not signal either. */
const OUT_OF_SIGHT = ['ENOENT', 'ESRCH', 'EACCES']

/** The innermost namespace of a process and its number there, which no other has; undefined where it cannot be seen. */
async function identityOf(folder: string): Promise<string | undefined> {
  try {
    const namespace = await readlink(`${folder}/ns/pid`)
    const numbers = /^NSpid:\s+(.*)$/m.exec((await readText(`${folder}/status`)) ?? '')?.[1]
    return numbers && `${namespace} ${numbers.split(/\s+/).at(-1)}`
  } catch (error) {
    if (OUT_OF_SIGHT.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** What a process is called; undefined when it has ended. */
export const programOf = async (pid: number) => /^Name:\s+(.*)$/m.exec((await readStatus(pid)) ?? '')?.[1]

async function readStatus(pid: number): Promise<string | undefined> {
  try {
    return await readText(`/proc/${pid}/status`)
  } catch (error) {
    // It ended between opening and reading.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    throw error
  }
}

import { randomBytes } from 'node:crypto'
import {
  chmod,
  chown,
  constants,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  statfs,
} from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface WriteOptions {
  /** Default 0600: what we write is mostly private. */
  readonly mode?: number
  readonly owner?: Owner
}

/** Files that are memory: on every Linux host, and in every container. */
const MEMORY = '/dev/shm'

/** A file that has no name any more and is gone with its last user: for what a child process writes, at its end each time. */
export async function openMemoryFile(): Promise<FileHandle> {
  const path = join(MEMORY, `maru-${randomBytes(12).toString('hex')}`)
  const file = await open(path, 'ax+', 0o600)
  await rm(path)
  return file
}

/** What an open file holds from a place on. */
export async function readSince(file: FileHandle, from: number): Promise<Buffer> {
  const { size } = await file.stat()
  if (size <= from) return Buffer.alloc(0)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
  return buffer.subarray(0, bytesRead)
}

/** Writes a file whole or not at all: temporary file, fsync, rename, fsync of the folder. */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await withFile(temporary, 'wx', async (file) => {
      await file.chmod(options.mode ?? 0o600)
      if (options.owner) await file.chown(options.owner.uid, options.owner.gid)
      await file.writeFile(content)
      await file.sync()
    })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await withFile(dirname(path), 'r', (folder) => folder.sync())
}

/** Writes only when the content, mode or owner differs; tells whether it wrote. Watchers see no change without one. */
export async function writeFileIfChanged(
  path: string,
  content: string,
  options: WriteOptions = {},
): Promise<boolean> {
  if ((await readText(path)) === content && (await hasRights(path, options))) return false
  await writeFileAtomic(path, content, options)
  return true
}

async function hasRights(path: string, { mode = 0o600, owner }: WriteOptions): Promise<boolean> {
  const have = await lstat(path)
  const sameOwner = owner === undefined || (have.uid === owner.uid && have.gid === owner.gid)
  return (have.mode & 0o7777) === mode && sameOwner
}

async function withFile<T>(
  path: string,
  flags: string | number,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags, 0o600)
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

/**
 * The text of a file that somebody less trusted has written: undefined where it is a link, no file, or larger than `most` bytes.
 * Nothing is waited for, as a pipe would have it.
 */
export async function readBounded(path: string, most: number): Promise<string | undefined> {
  try {
    return await withFile(
      path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      async (file) => {
        const found = await file.stat()
        return found.isFile() && found.size <= most ? await file.readFile('utf8') : undefined
      },
    )
  } catch (error) {
    if (['ELOOP', 'ENOENT', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** Makes a folder (and those above it) and sets its mode and owner, whether it was there or not. */
export async function ensureFolder(path: string, mode = 0o755, owner?: Owner): Promise<void> {
  await mkdir(path, { recursive: true, mode })
  await chmod(path, mode)
  if (owner) await chown(path, owner.uid, owner.gid)
}

/** The text of a file; undefined where there is none. */
export async function readText(path: string): Promise<string | undefined> {
  return unlessAbsent(readFile(path, 'utf8'))
}

/** Parsed JSON of a file; undefined where there is none. Broken JSON throws. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Whether something is there; a dangling link counts. */
export async function exists(path: string): Promise<boolean> {
  return (await unlessAbsent(lstat(path))) !== undefined
}

/** Free and total megabytes of the file system that holds `path`. */
export async function diskSpace(path: string): Promise<{ freeMb: number; totalMb: number }> {
  const stats = await statfs(path)
  const megabytes = (blocks: number) => Math.floor((blocks * stats.bsize) / 1_048_576)
  return { freeMb: megabytes(stats.bavail), totalMb: megabytes(stats.blocks) }
}

/** The memory of the machine. */
export const machineMemoryMb = (): number => Math.floor(totalmem() / 1_048_576)

async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

/** Whether an error of node:fs says that the path does not exist. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Pack, pack } from 'tar-stream'

/** One file or link of a layer, by its place in the image. */
export interface TarEntry {
  readonly path: string
  readonly mode: number
  /** File on this machine whose content it has; none: a link. */
  readonly source?: string
  readonly linkTo?: string
}

/** Equal content makes an equal archive, whenever and wherever it is packed. */
const MTIME = new Date('2020-01-01T00:00:00Z')
const ROOT = 'root/'
/** An empty folder of every context: `COPY --chown=… empty/ /x/` makes a folder that belongs to someone. */
export const EMPTY = 'empty/'

export const fileEntry = (source: string, path: string, mode = 0o644): TarEntry => ({ path, mode, source })
export const linkEntry = (path: string, linkTo: string): TarEntry => ({ path, mode: 0o777, linkTo })

/** Every file below a folder, sorted; a path for which `skip` says so is left out with all below it. */
export async function folderEntries(
  folder: string,
  target: string,
  skip: (path: string) => boolean = () => false,
): Promise<TarEntry[]> {
  const entries: TarEntry[] = []
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name)
    if (skip(path)) continue
    const inImage = `${target}/${name}`
    const stats = await lstat(path)
    if (stats.isDirectory()) entries.push(...(await folderEntries(path, inImage, skip)))
    else if (stats.isSymbolicLink()) entries.push(linkEntry(inImage, await readlink(path)))
    else if (stats.isFile()) entries.push(fileEntry(path, inImage, stats.mode & 0o111 ? 0o755 : 0o644))
  }
  return entries
}

/** A build context: the Dockerfile and, below `root/`, the entries at their places. */
export function packContext(dockerfile: string, entries: readonly TarEntry[]): Readable {
  const tar = pack()
  addAll(tar, dockerfile, entries).catch((error) => tar.destroy(error))
  return tar as unknown as Readable
}

/** The Dockerfile of a layer: files in, settings, nothing run. */
export function layerDockerfile(from: string, settings: readonly string[]): string {
  return [`FROM ${from}`, `COPY ${ROOT} /`, ...settings, ''].join('\n')
}

async function addAll(tar: Pack, dockerfile: string, entries: readonly TarEntry[]): Promise<void> {
  tar.entry({ name: 'Dockerfile', mtime: MTIME }, dockerfile)
  tar.entry({ name: EMPTY, type: 'directory', mode: 0o755, mtime: MTIME })
  for (const entry of entries) {
    const header = { name: `${ROOT}${entry.path.slice(1)}`, mode: entry.mode, mtime: MTIME, uid: 0, gid: 0 }
    if (entry.source === undefined) {
      tar.entry({ ...header, type: 'symlink', linkname: entry.linkTo ?? '' })
    } else {
      const { size } = await lstat(entry.source)
      await pipeline(createReadStream(entry.source), tar.entry({ ...header, size }))
    }
  }
  tar.finalize()
}

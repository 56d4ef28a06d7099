import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { IGNORE_FILES, IgnoreRules } from './ignore-rules.ts'
import { megabytes, type SourceLimits } from './source-limits.ts'
import { isLeftOut, linkLeaves, nameProblem, shownName } from './source-names.ts'

export type SourceEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'file'; readonly path: string; readonly size: number; readonly executable: boolean }

export interface SourceListing {
  /** Sorted by path, folders before what is in them. */
  readonly entries: readonly SourceEntry[]
  readonly files: number
  readonly sizeBytes: number
  /** Paths that were left out; a folder stands for all that is in it and ends with a slash. */
  readonly skipped: readonly string[]
}

/** An `apps.source_invalid` with this reason. */
export const sourceInvalid = (reason: string, cause?: unknown): MaruError =>
  new MaruError('apps.source_invalid', { reason }, { cause })

interface Walk {
  readonly root: string
  readonly limits: SourceLimits
  readonly entries: SourceEntry[]
  readonly links: Map<string, string>
  readonly skipped: string[]
  files: number
  sizeBytes: number
}

/** Lists what of a folder belongs to the source; throws `apps.source_*` for what cannot be sent. */
export async function walkSource(root: string, limits: SourceLimits): Promise<SourceListing> {
  const walk: Walk = { root, limits, entries: [], links: new Map(), skipped: [], files: 0, sizeBytes: 0 }
  await walkFolder(walk, '', new IgnoreRules())
  for (const link of walk.links.keys()) {
    if (linkLeaves(link, walk.links))
      throw sourceInvalid(`the link ${shownName(link)} leads outside of the folder`)
  }
  const { entries, files, sizeBytes, skipped } = walk
  return { entries, files, sizeBytes, skipped }
}

async function walkFolder(walk: Walk, folder: string, above: IgnoreRules): Promise<void> {
  const names = await namesIn(join(walk.root, folder), folder)
  const present = IGNORE_FILES.filter((name) => names.includes(name))
  const texts = await Promise.all(present.map((name) => readFile(join(walk.root, folder, name), 'utf8')))
  const rules = above.with(folder, texts)
  for (const name of names) await addEntry(walk, folder === '' ? name : `${folder}/${name}`, rules)
}

/** Names as bytes first: Node would replace what is not UTF-8 and then not find the file. */
async function namesIn(path: string, folder: string): Promise<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const names = (await readdir(path, { encoding: 'buffer' })).map((name) => {
    try {
      return decoder.decode(name)
    } catch (error) {
      const shown = shownName(`${folder}/${name.toString('latin1')}`)
      throw sourceInvalid(`the name ${shown} is not UTF-8`, error)
    }
  })
  return names.sort()
}

async function addEntry(walk: Walk, path: string, rules: IgnoreRules): Promise<void> {
  const stats = await lstat(join(walk.root, path))
  const isFolder = stats.isDirectory()
  if (isLeftOut(path) || rules.ignores(path, isFolder)) {
    walk.skipped.push(isFolder ? `${path}/` : path)
    return
  }
  const problem = nameProblem(path)
  if (problem !== undefined) throw sourceInvalid(problem)
  if (isFolder) {
    walk.entries.push({ kind: 'folder', path })
    count(walk, 0)
    await walkFolder(walk, path, rules)
  } else if (stats.isSymbolicLink()) {
    const target = await readlink(join(walk.root, path))
    walk.links.set(path, target)
    walk.entries.push({ kind: 'link', path, target })
    count(walk, 0)
  } else if (stats.isFile()) {
    walk.entries.push({ kind: 'file', path, size: stats.size, executable: (stats.mode & 0o100) !== 0 })
    count(walk, stats.size)
  } else {
    throw sourceInvalid(`${shownName(path)} is neither a file, a folder nor a link`)
  }
}

function count(walk: Walk, bytes: number): void {
  walk.files += 1
  walk.sizeBytes += bytes
  const { maxFiles, maxUnpackedBytes } = walk.limits
  if (walk.files > maxFiles) throw new MaruError('apps.source_too_large', { limit: `${maxFiles} files` })
  if (walk.sizeBytes > maxUnpackedBytes) {
    throw new MaruError('apps.source_too_large', { limit: megabytes(maxUnpackedBytes) })
  }
}

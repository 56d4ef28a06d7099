import { MaruError } from '#contract/errors.ts'
import { megabytes, type SourceLimits } from './source-limits.ts'
import { isEnvFile, isLeftOut, linkLeaves, nameProblem, shownName } from './source-names.ts'
import type { TarHeader } from './tar-header.ts'
import { sourceInvalid } from './walk-source.ts'

export type AcceptedEntry = { readonly path: string; readonly newFolders: readonly string[] } & (
  | { readonly kind: 'folder' }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'file'; readonly size: number; readonly executable: boolean }
)

/** What an uploaded archive has held so far; each entry is judged by it. */
export class SourceTree {
  readonly #limits: SourceLimits
  readonly #folders = new Set<string>()
  readonly #files = new Set<string>()
  readonly #links = new Map<string, string>()
  #bytes = 0
  count = 0

  constructor(limits: SourceLimits) {
    this.#limits = limits
  }

  hasFile(path: string): boolean {
    return this.#files.has(path)
  }

  /** The entry as it is stored; undefined for what is silently left out. Throws for what no honest client sends. */
  accept(header: TarHeader): AcceptedEntry | undefined {
    const path = header.name.replace(/^\.\//, '').replace(/\/$/, '')
    if (header.type === 'directory' && (path === '' || path === '.')) return undefined
    const problem = nameProblem(path)
    if (problem !== undefined) throw sourceInvalid(problem)
    this.#count(header.size ?? 0)
    if (isEnvFile(path)) throw sourceInvalid(`${shownName(path)} may hold secrets; set them with maru config`)
    const parents = parentsOf(path)
    if ([...parents, path].some(isLeftOut)) return undefined
    if (this.#files.has(path) || this.#links.has(path))
      throw sourceInvalid(`${shownName(path)} is there twice`)
    const blocked = parents.find((parent) => this.#files.has(parent) || this.#links.has(parent))
    if (blocked !== undefined)
      throw sourceInvalid(`${shownName(path)} is below ${shownName(blocked)}, not a folder`)
    return this.#take(header, path, parents)
  }

  /** When all entries are known: a link may only lead to what is inside. */
  checkLinks(): void {
    for (const link of this.#links.keys()) {
      if (linkLeaves(link, this.#links))
        throw sourceInvalid(`the link ${shownName(link)} leads outside of the source`)
    }
  }

  #take(header: TarHeader, path: string, parents: readonly string[]): AcceptedEntry {
    const folders = header.type === 'directory' ? [...parents, path] : parents
    const newFolders = folders.filter((folder) => !this.#folders.has(folder))
    for (const folder of newFolders) this.#folders.add(folder)
    if (header.type === 'directory') return { kind: 'folder', path, newFolders }
    if (this.#folders.has(path)) throw sourceInvalid(`${shownName(path)} is there twice`)
    if (header.type === 'symlink') {
      const target = header.linkname ?? ''
      if (target === '' || target.includes('\0'))
        throw sourceInvalid(`the link ${shownName(path)} has no target`)
      this.#links.set(path, target)
      return { kind: 'link', path, target, newFolders }
    }
    if (header.type !== 'file') {
      throw sourceInvalid(`${shownName(path)} is neither a file, a folder nor a link`)
    }
    this.#files.add(path)
    const executable = ((header.mode ?? 0) & 0o100) !== 0
    return { kind: 'file', path, size: header.size ?? 0, executable, newFolders }
  }

  #count(bytes: number): void {
    this.count += 1
    this.#bytes += bytes
    const { maxFiles, maxUnpackedBytes } = this.#limits
    if (this.count > maxFiles) throw new MaruError('apps.source_too_large', { limit: `${maxFiles} files` })
    if (this.#bytes > maxUnpackedBytes) {
      throw new MaruError('apps.source_too_large', { limit: megabytes(maxUnpackedBytes) })
    }
  }
}

/** `a/b/c` → `a`, `a/b`. */
function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'

/** A file of the site as it is served. */
export interface SiteFile {
  /** Path below the site's folder. */
  readonly path: string
  readonly encoding: 'br' | 'gzip' | undefined
}

export type Found =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'redirect'; readonly to: string }

/** Every path that can be served, read once: an instance's files never change. */
export class SiteFiles {
  readonly #root: string
  readonly #files: ReadonlySet<string>
  readonly #tags = new Map<string, string>()

  constructor(root: string) {
    this.#root = root
    const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(isServed)
    const real = realpathSync(root)
    this.#files = new Set(names.filter((name) => isFileInside(real, join(root, name))))
  }

  has(path: string): boolean {
    return this.#files.has(path)
  }

  /** What a request's path leads to: the file, its index page, the page without `.html`, or a folder's own address. */
  find(path: string): Found | undefined {
    const name = path.slice(1)
    if (name === '' || name.endsWith('/')) return this.#file(`${name}index.html`)
    const found = this.#file(name) ?? this.#file(`${name}.html`)
    if (found !== undefined) return found
    // Without the slash, relative links on the page would lead to the folder above.
    return this.#files.has(`${name}/index.html`) ? { kind: 'redirect', to: `${path}/` } : undefined
  }

  #file(path: string): Found | undefined {
    return this.#files.has(path) ? { kind: 'file', path } : undefined
  }

  /** The smallest form that the client takes: `.br` and `.gz` files beside the file are served in its place. */
  bestForm(path: string, accepted: string): SiteFile {
    const takes = (coding: string) =>
      new RegExp(`\\b${coding}\\b(?!\\s*;\\s*q=0(?:\\.0*)?(?:,|$))`).test(accepted)
    if (takes('br') && this.#files.has(`${path}.br`)) return { path: `${path}.br`, encoding: 'br' }
    if (takes('gzip') && this.#files.has(`${path}.gz`)) return { path: `${path}.gz`, encoding: 'gzip' }
    return { path, encoding: undefined }
  }

  /** Tag of the content. File times are all alike in an image, so they say nothing about a change. */
  tagOf(path: string): string {
    const known = this.#tags.get(path)
    if (known !== undefined) return known
    const hash = createHash('sha256')
      .update(readFileSync(join(this.#root, path)))
      .digest('base64url')
    const tag = `"${hash.slice(0, 22)}"`
    this.#tags.set(path, tag)
    return tag
  }
}

const HIDDEN_FILES = new Set(['Procfile', 'package.json', 'package-lock.json', 'Dockerfile', 'maru.json'])

/** Names that begin with a dot stay private, but for /.well-known; so do the files that only deploys read. */
function isServed(path: string): boolean {
  const parts = path.split('/')
  if (HIDDEN_FILES.has(path) || parts[0] === 'node_modules') return false
  return parts.every((part, index) => !part.startsWith('.') || (index === 0 && part === '.well-known'))
}

/** Links may lead to files of the site only. */
function isFileInside(root: string, path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false
  return realpathSync(path).startsWith(root === sep ? sep : root + sep)
}

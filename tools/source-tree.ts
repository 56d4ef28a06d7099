import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { type ParseResult, parseSync } from 'oxc-parser'

/** Root of the repository. */
export const ROOT = resolve(import.meta.dirname, '..')

const FOLDERS = [
  'bench',
  'bin',
  'console',
  'contract',
  'drills',
  'images',
  'lab',
  'platform',
  'runtime',
  'tests',
  'tools',
]

/** One TypeScript file, parsed. `path` is relative to the repository. */
export interface SourceFile {
  readonly path: string
  readonly text: string
  readonly parsed: ParseResult
  readonly imports: readonly Import[]
}

/** One import or re-export. `target` is a repository path (`runtime/kit/log.ts`) or a package (`zod`, `node:fs`). */
export interface Import {
  readonly target: string
  readonly local: boolean
  readonly typeOnly: boolean
  readonly lazy: boolean
  /** As written. */
  readonly specifier: string
  readonly line: number
}

/** Line (from 1) of an offset. */
export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

/** Every TypeScript file of the program, its tools and its tests. */
export function loadSources(): SourceFile[] {
  const paths = FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: ROOT }))
  return paths
    .filter((path) => !path.includes('node_modules'))
    .sort()
    .map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')))
}

/** Parses one file's text. */
export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text)
  if (parsed.errors[0]) throw new Error(`${path}: ${parsed.errors[0].message}`)
  return { path, text, parsed, imports: importsOf(path, text, parsed) }
}

function importsOf(path: string, text: string, parsed: ParseResult): Import[] {
  const { staticImports, staticExports, dynamicImports } = parsed.module
  const make = (specifier: string, start: number, typeOnly: boolean, lazy: boolean): Import => ({
    ...resolveSpecifier(path, specifier),
    specifier,
    typeOnly,
    lazy,
    line: lineAt(text, start),
  })
  return [
    ...staticImports.map((found) =>
      make(
        found.moduleRequest.value,
        found.start,
        found.entries.length > 0 && found.entries.every((entry) => entry.isType),
        false,
      ),
    ),
    ...staticExports.flatMap(({ entries, start }) =>
      entries.flatMap((entry) =>
        entry.moduleRequest ? [make(entry.moduleRequest.value, start, entry.isType, false)] : [],
      ),
    ),
    ...dynamicImports.flatMap(({ moduleRequest, start }) => {
      const literal = /^(['"`])([^$]*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end))
      return literal?.[2] ? [make(literal[2], start, false, true)] : []
    }),
  ]
}

function resolveSpecifier(path: string, specifier: string): Pick<Import, 'target' | 'local'> {
  if (specifier.startsWith('#')) return { target: specifier.slice(1), local: true }
  if (specifier.startsWith('.'))
    return { target: relative(ROOT, resolve(ROOT, dirname(path), specifier)), local: true }
  if (specifier.startsWith('node:')) return { target: specifier, local: false }
  const parts = specifier.split('/')
  return { target: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'), local: false }
}

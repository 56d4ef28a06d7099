import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './source-tree.ts'

/** One command that a document tells people to type. */
export interface DocumentedCommand {
  readonly path: string
  readonly line: number
  readonly text: string
}

/** Documents that tell what to type; the reference is made from the program, decisions are history. */
export function commandDocuments(): string[] {
  return ['*.md', 'docs/**/*.md']
    .flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
    .filter((path) => !/^docs\/(reference|decisions)\//.test(path))
    .sort()
}

/** The commands in a document's `sh` fences, one for each line that is not only a remark. */
export function documentedCommands(path: string): DocumentedCommand[] {
  return commandsIn(path, readFileSync(join(ROOT, path), 'utf8'))
}

/** The same of a text. A remark after a command is left out. */
export function commandsIn(path: string, markdown: string): DocumentedCommand[] {
  const found: DocumentedCommand[] = []
  let isShell = false
  for (const [index, line] of markdown.split('\n').entries()) {
    if (line.startsWith('```')) isShell = line === '```sh'
    else if (isShell) {
      const text = line.replace(/(^|\s{2,})#.*$/, '').trim()
      if (text !== '') found.push({ path, line: index + 1, text })
    }
  }
  return found
}

/** What a text calls Maru with, word by word: in `sh` fences and in `code`. */
export function maruCallsIn(markdown: string): string[][] {
  const inline = markdown.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`((?:\.\/)?maru( [^`]*)?)`/g)
  const texts = [
    ...commandsIn('', markdown).map(({ text }) => text),
    ...[...inline].map(([, text = '']) => text),
  ]
  return texts
    .map((text) => /(?:^|\s)(?:\.\/)?maru\s+([^|<>]*)/.exec(text)?.[1])
    .filter((rest) => rest !== undefined)
    .map((rest) => rest.split(/\s+/).filter(Boolean))
}

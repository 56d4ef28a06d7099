import ignore, { type Ignore } from 'ignore'

interface Rules {
  /** Folder of the ignore file, with a slash at the end; empty at the top. */
  readonly base: string
  readonly matcher: Ignore
}

/** Files whose lines say what is left out; the later one wins. */
export const IGNORE_FILES = ['.gitignore', '.maruignore'] as const

/** The ignore files of a folder and of those above it, as git reads them: the nearest one decides. */
export class IgnoreRules {
  readonly #rules: readonly Rules[]

  constructor(rules: readonly Rules[] = []) {
    this.#rules = rules
  }

  /** These rules and those of the ignore files in `folder` (empty at the top). */
  with(folder: string, texts: readonly string[]): IgnoreRules {
    if (texts.length === 0) return this
    const base = folder === '' ? '' : `${folder}/`
    return new IgnoreRules([...this.#rules, { base, matcher: ignore().add(texts.join('\n')) }])
  }

  ignores(path: string, isFolder: boolean): boolean {
    let ignored = false
    for (const { base, matcher } of this.#rules) {
      const result = matcher.test(path.slice(base.length) + (isFolder ? '/' : ''))
      if (result.ignored) ignored = true
      else if (result.unignored) ignored = false
    }
    return ignored
  }
}

import type { SourceFile } from './source-tree.ts'

/** What comes into memory with a file before it does anything: files and packages, itself included. */
export function loadedWith(files: readonly SourceFile[], path: string): Set<string> {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const loaded = new Set([path])
  // A set hands out what is added while it is walked.
  for (const next of loaded)
    for (const found of byPath.get(next)?.imports ?? [])
      if (!found.typeOnly && !found.lazy) loaded.add(found.target)
  return loaded
}

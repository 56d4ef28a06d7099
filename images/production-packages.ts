interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly optional?: boolean
}

/**
 * Folders of the packages that the running program needs, from a lock file (version 3): what the root depends on
 * and everything that those depend on. Optional packages are left out: they are compiled extras and type checkers.
 */
export function productionPackages(lock: unknown): string[] {
  const { packages } = lock as { packages: Readonly<Record<string, LockedPackage>> }
  const found = new Set<string>()
  const visit = (from: string) => {
    for (const name of needsOf(packages[from] ?? {})) {
      const path = resolveFrom(packages, from, name)
      if (path === undefined || found.has(path) || packages[path]?.optional === true) continue
      found.add(path)
      visit(path)
    }
  }
  visit('')
  return [...found].sort()
}

function needsOf(entry: LockedPackage): string[] {
  const peers = Object.keys(entry.peerDependencies ?? {}).filter(
    (name) => entry.peerDependenciesMeta?.[name]?.optional !== true,
  )
  return [...Object.keys(entry.dependencies ?? {}), ...peers]
}

/** Node's rule: the nearest node_modules that has it, from the package's own folder upwards. */
function resolveFrom(packages: Readonly<Record<string, unknown>>, from: string, name: string) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (path in packages) return path
    if (folder === '') return undefined
  }
}

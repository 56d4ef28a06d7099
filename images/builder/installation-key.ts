import { createHash } from 'node:crypto'
import { LOCK_FILES, type Manager } from './managers.ts'

/** Scripts of the app itself that run while packages are installed: they may read any file of the source. */
const OWN_SCRIPTS = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare']
/** Marks in a lock file of packages whose content is in the source and not in the lock file. */
const LOCAL = /"link": true|\bfile:|\blink:|\bworkspace:|\bportal:|\bpatch:|patchedDependencies/
/** Settings that decide beside package.json and lock file how packages are installed. */
const SETTINGS = ['.npmrc', '.pnpmfile.cjs']

/** Every file of a source that a key can depend on. */
export const KEY_FILES = ['package.json', ...LOCK_FILES, ...SETTINGS]

/**
 * Name of what an installation gives: equal keys mean equal node_modules. Undefined when it may depend on more
 * than these files, the environment and the tools (Node, package manager), and therefore has to be made each time.
 * `read` gives a file of the source, an empty text where there is none.
 */
export function installationKey(
  manager: Manager,
  read: (file: string) => string,
  environment: Readonly<Record<string, string | undefined>>,
  tools: readonly string[],
): string | undefined {
  const packageJson = read('package.json').replace(/^\uFEFF/, '')
  const pkg = JSON.parse(packageJson) as { scripts?: Record<string, string>; workspaces?: unknown }
  if (pkg.workspaces !== undefined || OWN_SCRIPTS.some((name) => pkg.scripts?.[name] !== undefined))
    return undefined
  const locks = manager.lockFiles.map(read)
  if (locks.some((text) => LOCAL.test(text))) return undefined
  const parts = [
    manager.install,
    tools,
    packageJson,
    locks,
    SETTINGS.map(read),
    Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { BUILDER } from './layout.ts'
import type { Manager } from './managers.ts'

const FOLDER = join(BUILDER.cache, 'installed')
const KEPT = 2
const DOWNLOADS_MAX_KB = 2 * 1024 * 1024

/** Scripts of the app itself that run while packages are installed: they may read any file of the source. */
const OWN_SCRIPTS = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare']
/** Marks in a lock file of packages whose content is in the source and not in the lock file. */
const LOCAL = /"link": true|\bfile:|\blink:|\bworkspace:|\bportal:|\bpatch:|patchedDependencies/

const readIfThere = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

/**
 * Name of what an installation gives: equal keys mean equal node_modules. Undefined when it may depend on more
 * than package.json, lock file, environment and Node, and therefore has to be made each time.
 */
export function installationKey(manager: Manager, packageJson: string): string | undefined {
  const pkg = JSON.parse(packageJson) as { scripts?: Record<string, string>; workspaces?: unknown }
  if (pkg.workspaces !== undefined || OWN_SCRIPTS.some((name) => pkg.scripts?.[name] !== undefined))
    return undefined
  const locks = manager.lockFiles.map(readIfThere)
  if (locks.some((text) => LOCAL.test(text))) return undefined
  const environment = Object.entries(process.env).filter(([name]) => name !== 'HOSTNAME')
  const parts = [
    manager.install,
    process.version,
    packageJson,
    locks,
    ['.npmrc', '.pnpmfile.cjs'].map(readIfThere),
    environment.sort(([a], [b]) => (a < b ? -1 : 1)),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

/** Copies (never links: a build may change files in place) a kept node_modules into the app; false when there is none. */
export function restorePackages(key: string): boolean {
  const kept = join(FOLDER, key)
  if (!existsSync(kept)) return false
  const now = new Date()
  utimesSync(kept, now, now)
  return copyTree(kept, 'node_modules')
}

/** Keeps node_modules under the key. The name appears when the copy is whole, so a killed build leaves no half one. */
export function keepPackages(key: string): void {
  if (!existsSync('node_modules')) return
  mkdirSync(FOLDER, { recursive: true })
  const temporary = join(FOLDER, `tmp-${randomBytes(6).toString('hex')}`)
  if (copyTree('node_modules', temporary)) renameSync(temporary, join(FOLDER, key))
  else rmSync(temporary, { recursive: true, force: true })
}

function copyTree(from: string, to: string): boolean {
  // cp is many times faster than Node's own copy for thousands of small files.
  const { status } = spawnSync('cp', ['-a', '--reflink=auto', from, to], { stdio: 'ignore' })
  if (status !== 0) rmSync(to, { recursive: true, force: true })
  return status === 0
}

/** Removes what killed builds left, older installations, and downloads when they have grown too large. */
export function tidyCache(): void {
  if (existsSync(FOLDER)) {
    const names = readdirSync(FOLDER)
    const byUse = names
      .filter((name) => !name.startsWith('tmp-'))
      .sort((a, b) => statSync(join(FOLDER, b)).mtimeMs - statSync(join(FOLDER, a)).mtimeMs)
    const surplus = [...names.filter((name) => name.startsWith('tmp-')), ...byUse.slice(KEPT)]
    for (const name of surplus) rmSync(join(FOLDER, name), { recursive: true, force: true })
  }
  for (const name of readdirSync(BUILDER.cache).filter((entry) => entry !== 'installed')) {
    const folder = join(BUILDER.cache, name)
    const { stdout } = spawnSync('du', ['-sk', folder], { encoding: 'utf8' })
    if (Number.parseInt(stdout, 10) > DOWNLOADS_MAX_KB) rmSync(folder, { recursive: true, force: true })
  }
}

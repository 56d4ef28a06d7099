import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { BUILDER } from './layout.ts'

const FOLDER = join(BUILDER.cache, 'installed')
const KEPT = 2
const DOWNLOADS_MAX_KB = 2 * 1024 * 1024

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

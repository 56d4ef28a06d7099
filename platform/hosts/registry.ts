import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseWith } from '#contract/errors.ts'
import { HOME, Installation } from '#contract/installation.ts'
import { ensureFolder, isAbsent, readJson, writeFileIfChanged } from '#runtime/drivers/files.ts'

/** Where this machine remembers its installations: one file each, with the path of the data folder. */
const FOLDER = '/etc/maru/installations'

const fileOf = (name: string) => join(FOLDER, `${name}.json`)

/** The installation in a data folder; undefined where there is none. */
export async function loadInstallation(home: string): Promise<Installation | undefined> {
  const file = join(home, HOME.installation)
  const found = await readJson(file)
  return found === undefined ? undefined : parseWith(Installation, found, file)
}

/** Data folder of the installation with this name; undefined when the machine has none. */
export async function homeOfInstallation(name: string): Promise<string | undefined> {
  const found = (await readJson(fileOf(name))) as { home?: unknown } | undefined
  return typeof found?.home === 'string' ? found.home : undefined
}

/** Remembers an installation. */
export async function registerInstallation(name: string, home: string): Promise<void> {
  await ensureFolder(FOLDER)
  await writeFileIfChanged(fileOf(name), `${JSON.stringify({ home })}\n`, { mode: 0o644 })
}

/** Forgets an installation. Gives the names of those that are left. */
export async function forgetInstallation(name: string): Promise<string[]> {
  await rm(fileOf(name), { force: true })
  return installationNames()
}

/** Names of the machine's installations. */
export async function installationNames(): Promise<string[]> {
  try {
    return (await readdir(FOLDER)).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5))
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

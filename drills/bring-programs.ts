import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { HOME } from '#contract/installation.ts'
import { installPackages } from '#platform/hosts/index.ts'
import type { Progress } from '#runtime/cli/progress.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import type { DrillText } from './drill.ts'

const FOLDERS = ['/usr/bin', '/usr/sbin']

/** Installs what a drill attacks or listens with from Debian, where the machine does not have it. */
export async function bringPrograms(
  { programs = {} }: Pick<DrillText, 'programs'>,
  home: string,
  progress: Progress,
): Promise<void> {
  const isThere = (program: string) => FOLDERS.some((folder) => existsSync(join(folder, program)))
  const missing = Object.entries(programs).filter(([program]) => !isThere(program))
  if (missing.length === 0) return
  const packages = [...new Set(missing.map(([, name]) => name))]
  progress.step(`Bringing ${packages.join(', ')} from Debian`)
  try {
    await ensureFolder(join(home, HOME.logs), 0o750)
    await installPackages(packages, join(home, HOME.logs, 'packages.log'))
    progress.end('done')
  } catch (error) {
    progress.end('failed')
    throw error
  }
}

import { join } from 'node:path'
import type { Progress } from '#runtime/cli/progress.ts'
import { run } from '#runtime/drivers/process.ts'
import { ROOT } from '#tools/source-tree.ts'
import { chooseInstallation, docker, flagsOf, removeInstallation } from '#tools/test-installation.ts'
import { parseUp, type UpRun } from './up-steps.ts'

const MARU = join(ROOT, 'maru')

/** Makes an installation for the work and removes it afterwards, whatever happens. */
export async function withOwnInstallation<T>(
  progress: Progress,
  signal: AbortSignal,
  work: (home: string, firstUp: UpRun) => Promise<T>,
): Promise<T> {
  const keepImages = (await docker('image', 'ls', '--quiet', 'maru/base')) !== ''
  const installation = await chooseInstallation()
  const { name, home } = installation
  try {
    progress.step(`Bringing up an installation for this run, ${name}`)
    const since = performance.now()
    const argv = [MARU, 'up', '--lab', ...flagsOf(installation)] as const
    const up = await run(argv, { env: { NO_COLOR: '1' }, interrupt: signal })
    signal.throwIfAborted()
    if (up.exitCode !== 0) throw new Error(`\`maru up\` ended with ${up.exitCode}: ${up.stderr.trim()}`)
    progress.end('done')
    return await work(home, parseUp(up.stderr, (performance.now() - since) / 1000))
  } finally {
    progress.step(`Removing ${name}`)
    await removeInstallation(MARU, installation, keepImages)
    progress.end('done')
  }
}

import { readdir, realpath, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundle } from '#images/bundle-program.ts'
import { ensureFolder, isAbsent } from '#runtime/drivers/files.ts'

/** The last one is what `./maru` looks at: it comes when all others are there. */
const PROGRAMS = {
  'maru-drill-in-lab': 'bin/maru-drill-in-lab.ts',
  'maru-lab-drills': 'bin/maru-lab-drills.ts',
  maru: 'bin/maru.ts',
} as const
/** They load code of their own that stays beside them. */
const WITHOUT = ['playwright-core', 'rolldown', 'vite']
/** A command that began before may still load a part of the bundle that it began with. */
const KEPT_MS = 24 * 60 * 60_000
const REMOVABLE = /\.js$|^\.\d+$/

/** Bundles the command line of a checkout into a folder, for `./maru` to start from; commands that are under way go on with what they have. */
export async function bundleCommand(programDir: string, folder: string): Promise<void> {
  const [began, root] = [new Date(), await realpath(programDir)]
  await ensureFolder(folder)
  // Inside, so that one that was cut off goes with the old parts.
  const work = join(folder, `.${process.pid}`)
  try {
    await bundle({ programDir: root, programs: PROGRAMS, placedAt: root, without: WITHOUT, target: work })
    await writeFile(join(work, 'package.json'), '{ "type": "module" }\n')
    const entries = Object.keys(PROGRAMS).map((name) => `${name}.js`)
    const parts = (await readdir(work)).filter((name) => !entries.includes(name))
    // A source that changed meanwhile is newer than this.
    for (const name of entries) await utimes(join(work, name), began, began)
    await tidy(folder, new Date())
    for (const name of [...parts, ...entries]) await rename(join(work, name), join(folder, name))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The parts of the present bundle, which are as young as its programs, begin their day; what has had its day goes. */
async function tidy(folder: string, now: Date): Promise<void> {
  const times = new Map<string, number>()
  for (const name of (await readdir(folder)).filter((one) => REMOVABLE.test(one))) {
    // Another run may have removed it by now.
    const found = await stat(join(folder, name)).catch(unlessAbsent)
    if (found !== undefined) times.set(name, found.mtimeMs)
  }
  const since = times.get('maru.js') ?? Number.POSITIVE_INFINITY
  for (const [name, time] of times) {
    const path = join(folder, name)
    if (time >= since) await utimes(path, now, now).catch(unlessAbsent)
    else if (now.getTime() - time > KEPT_MS) await rm(path, { recursive: true, force: true })
  }
}

function unlessAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error
}

const [folder] = process.argv.slice(2)
if (import.meta.main && folder !== undefined) await bundleCommand(join(import.meta.dirname, '..'), folder)

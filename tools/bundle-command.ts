import { readdir, realpath, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundle } from '#images/bundle-program.ts'
import { ensureFolder, isAbsent } from '#runtime/drivers/files.ts'

/** The last one is what `./maru` looks at: it comes when all others are there. */
const PROGRAMS = { 'maru-drill-in-lab': 'bin/maru-drill-in-lab.ts', maru: 'bin/maru.ts' } as const
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
    await keepLive(folder)
    for (const name of [...parts, ...entries]) await rename(join(work, name), join(folder, name))
    await removeOld(folder, new Set([...parts, ...entries]), began)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

const timeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    (error: unknown) => {
      if (!isAbsent(error)) throw error
      return undefined
    },
  )

/** The parts of the present bundle are as young as its programs; their day begins now. */
async function keepLive(folder: string): Promise<void> {
  const since = await timeOf(join(folder, 'maru.js'))
  if (since === undefined) return
  const now = new Date()
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (REMOVABLE.test(name) && ((await timeOf(path)) ?? 0) >= since) await utimes(path, now, now)
  }
}

async function removeOld(folder: string, kept: ReadonlySet<string>, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    if (kept.has(name) || !REMOVABLE.test(name)) continue
    const path = join(folder, name)
    const time = await timeOf(path)
    if (time !== undefined && now.getTime() - time > KEPT_MS) await rm(path, { recursive: true, force: true })
  }
}

const [folder] = process.argv.slice(2)
if (import.meta.main && folder !== undefined) await bundleCommand(join(import.meta.dirname, '..'), folder)

import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { activeOperation } from '#platform/operations/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { removeSource } from './apply/build.ts'
import { removeOldReleases } from './release-store.ts'
import { knownFiles, listUnused } from './source-store.ts'

export const SWEEP_JOB = 'apps.sweep'
const HOUR_MS = 60 * 60 * 1000
/** A source that nobody has deployed for so long is not deployed any more. */
export const UNUSED_MS = HOUR_MS

/** Removes what no longer counts: unused sources, and releases that are history. */
export async function sweepApps(deps: ServerDeps): Promise<void> {
  await removeUnused(deps)
  const removed = await transact(deps.db, (tx) => removeOldReleases(tx))
  if (removed > 0) deps.log.info('apps.releases_forgotten', { removed })
}

/** Plans the next sweep; one is pending at any time. */
export async function scheduleSweep({ db, jobs, now }: ServerDeps): Promise<void> {
  const runAt = new Date(now().getTime() + HOUR_MS)
  await jobs.add(db, SWEEP_JOB, {}, { key: SWEEP_JOB, runAt, keepTime: true })
}

/** Removes the sources that wait for no deploy: of one app, or of all. One under way may be using its own. */
export async function removeUnused(deps: ServerDeps, appId?: string): Promise<void> {
  const before = new Date(deps.now().getTime() - UNUSED_MS)
  for (const source of await listUnused(deps.db, before, appId)) {
    if ((await activeOperation(deps.db, source.app_id)) === undefined) await removeSource(deps, source)
  }
}

/** What a kill left between the file and its row: half an upload, or a source whose app is gone. */
export async function removeStrayFiles(deps: ServerDeps): Promise<void> {
  const folder = join(deps.config.artifactsDir, 'sources')
  const names = await readdir(folder).catch(() => [])
  const known = await knownFiles(deps.db)
  for (const name of names) {
    if (known.has(name)) continue
    const file = join(folder, name)
    // Younger ones may be uploads under way.
    const found = await stat(file).catch(() => undefined)
    if (found !== undefined && deps.now().getTime() - found.mtimeMs > UNUSED_MS)
      await rm(file, { force: true })
  }
}

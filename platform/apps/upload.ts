import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { MaruError } from '#contract/errors.ts'
import type { SourceId } from '#contract/ids.ts'
import { receiveSource } from '#platform/builds/index.ts'
import { latestReport } from '#platform/workload/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import { isMissingReference } from '#runtime/server/database-errors.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { insertSource } from './source-store.ts'
import { removeUnused } from './sweep.ts'
import type { AppRow } from './tables.ts'

const NEED_MB = 1024

export interface Uploaded {
  readonly source: SourceId
  readonly sizeBytes: number
  readonly files: number
}

/** Takes a source in: checked while it streams to disk, so that nothing bad is ever kept. */
export async function uploadSource(deps: ServerDeps, app: AppRow, stream: Readable): Promise<Uploaded> {
  await checkDisk(deps)
  await removeUnused(deps, app.id)
  const folder = join(deps.config.artifactsDir, 'sources')
  await mkdir(folder, { recursive: true })
  const id = randomId<SourceId>('src')
  const file = `${id}.tar.gz`
  const received = await receiveSource(stream, join(folder, file))
  const { sizeBytes, files, recipe, processes } = received
  try {
    await transact(deps.db, (tx) =>
      insertSource(tx, {
        id,
        app_id: app.id,
        file,
        size_bytes: sizeBytes,
        files,
        recipe,
        processes,
        host: deps.config.host.name,
      }),
    )
  } catch (error) {
    await rm(join(folder, file), { force: true })
    // Destroyed while its source was on the way.
    if (isMissingReference(error)) throw new MaruError('apps.not_found', { app: app.name }, { cause: error })
    throw error
  }
  return { source: id, sizeBytes, files }
}

/** A disk that fills up in the middle of a build stops more than the build. */
export async function checkDisk(deps: ServerDeps): Promise<void> {
  const disk = (await latestReport(deps.db, deps.config.host.name))?.report.disk
  // Where nobody knows, the build decides: it measures for itself.
  if (!disk || disk.freeMb >= NEED_MB) return
  const freeMb = Math.floor(disk.freeMb)
  throw new MaruError('hosts.disk_full', { freeMb, needMb: NEED_MB, path: deps.config.artifactsDir })
}

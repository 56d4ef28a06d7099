import type { Duplex } from 'node:stream'
import { APP_LIMITS, type RunRequest } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { loadEnvironment } from './environment.ts'
import { hostForRun } from './hosts-with-code.ts'
import { findRelease } from './release-store.ts'
import type { AppRow } from './tables.ts'

/** Starts a one-off command beside the instances of the release that serves. */
export async function startRun(deps: ServerDeps, app: AppRow, request: RunRequest): Promise<Duplex> {
  const release = app.release === null ? undefined : await findRelease(deps.db, app.id, app.release)
  if (release?.image == null) throw new MaruError('apps.no_release', { app: app.name })
  return await deps.agents.of(await hostForRun(deps, release)).run({
    kind: 'app',
    app: app.name,
    appId: app.id,
    release: release.version,
    image: release.image,
    command: request.command,
    env: await loadEnvironment(deps, app, release, 'run'),
    tty: request.tty,
    columns: request.columns,
    rows: request.rows,
    timeoutS: APP_LIMITS.runTimeoutS,
  })
}

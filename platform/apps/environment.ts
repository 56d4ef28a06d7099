import { findUrl } from '#platform/data/index.ts'
import { environmentOf } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { openConfig } from './config.ts'
import type { ReleaseRow } from './tables.ts'

/** What a process of a release finds in its environment: configuration, database, and what the platform says. */
export async function loadEnvironment(
  deps: ServerDeps,
  app: { readonly id: string; readonly name: string },
  release: Pick<ReleaseRow, 'version' | 'config_sealed' | 'database_rotation'>,
  process: string,
): Promise<Record<string, string>> {
  const config = await openConfig(deps, app.id, release.config_sealed)
  const databaseUrl = await findUrl(deps, deps.db, app.id, release.database_rotation)
  return environmentOf(app.name, { version: release.version, config, databaseUrl }, process)
}

import type { WorkloadConfig } from '#contract/agent.ts'
import type { HostName } from '#contract/ids.ts'
import { findUrl } from '#platform/data/index.ts'
import { type AppFacts, planWorkload, type ReleaseFacts, wantedGeneration } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { listAllApps } from './app-store.ts'
import { openConfig } from './config.ts'
import { listInstances } from './instance-store.ts'
import { KEPT_RELEASES, listKeptReleases, usableReleases } from './release-store.ts'
import type { AppRow, Db, InstanceRow, ReleaseRow } from './tables.ts'

interface Reading {
  readonly generation: number
  readonly apps: readonly AppRow[]
  readonly releases: readonly ReleaseRow[]
  readonly instances: readonly InstanceRow[]
}

/** The apps' half of a host's state as it is wanted now. The first host runs them all. */
export async function loadWorkload(deps: ServerDeps, host: HostName): Promise<WorkloadConfig> {
  const reading = await readAll(deps.db)
  if (host !== deps.config.host.name) return planWorkload({ generation: reading.generation, apps: [] })
  const facts = await Promise.all(reading.apps.map((app) => loadFacts(deps, app, reading)))
  const present = facts.filter((app) => app.instances.length + app.keepImages.length > 0)
  return planWorkload({ generation: reading.generation, apps: present })
}

/** One snapshot of the database, so that the generation and what it stands for belong together. */
async function readAll(db: Db): Promise<Reading> {
  return await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const rows = await listAllApps(tx)
      const ids = rows.map(({ id }) => id)
      return {
        generation: await wantedGeneration(tx),
        apps: rows,
        releases: await listKeptReleases(tx),
        instances: await listInstances(tx, ids),
      }
    })
}

async function loadFacts(deps: ServerDeps, app: AppRow, reading: Reading): Promise<AppFacts> {
  const releases = reading.releases.filter(({ app_id }) => app_id === app.id)
  const instances = reading.instances.filter(({ app_id }) => app_id === app.id)
  const running = releases.filter(({ version }) => instances.some(({ release }) => release === version))
  const starting = releases.filter(({ state }) => state === 'starting').slice(0, KEPT_RELEASES)
  const kept = [...usableReleases(releases), ...starting, ...running]
  return {
    id: app.id,
    name: app.name,
    hostNames: [`${app.name}.${deps.config.installation.domain}`],
    releases: await Promise.all(running.map((release) => openRelease(deps, app, release))),
    instances,
    keepImages: imagesOf(kept, instances),
  }
}

/** A stack under way has two images for one release: what serves, and what will. */
const imagesOf = (releases: readonly ReleaseRow[], instances: readonly InstanceRow[]): string[] =>
  [
    ...releases.flatMap(({ image, next_image }) => [image, next_image]),
    ...instances.map(({ image }) => image),
  ].filter((image) => image !== null)

async function openRelease(deps: ServerDeps, app: AppRow, release: ReleaseRow): Promise<ReleaseFacts> {
  return {
    version: release.version,
    image: release.image ?? '',
    processes: release.processes,
    config: await openConfig(deps, app.id, release.config_sealed),
    databaseUrl: await findUrl(deps, deps.db, app.id, release.database_rotation),
  }
}

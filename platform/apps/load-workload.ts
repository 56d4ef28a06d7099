import type { WorkloadConfig } from '#contract/agent.ts'
import type { HostName } from '#contract/ids.ts'
import { type NetworkPolicy, tellTrials } from '#contract/network.ts'
import { findUrl } from '#platform/data/index.ts'
import { listHosts } from '#platform/fleet/index.ts'
import { loadPolicy } from '#platform/network/index.ts'
import {
  type AppFacts,
  type HostFacts,
  loadReports,
  planWorkload,
  type ReleaseFacts,
  wantedGeneration,
} from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { listAllApps } from './app-store.ts'
import { openConfig } from './config.ts'
import { listInstances } from './instance-store.ts'
import { KEPT_RELEASES, listKeptReleases, usableReleases } from './release-store.ts'
import type { AppRow, Db, InstanceRow, ReleaseRow } from './tables.ts'

interface Reading {
  readonly generation: number
  readonly hosts: readonly HostFacts[]
  readonly apps: readonly AppRow[]
  readonly releases: readonly ReleaseRow[]
  readonly instances: readonly InstanceRow[]
  readonly network: NetworkPolicy
}

/** The apps' half of a host's state as it is wanted now. */
export async function loadWorkload(deps: ServerDeps, host: HostName): Promise<WorkloadConfig> {
  const { generation, hosts, network, ...reading } = await readAll(deps.db)
  const of = <T extends { app_id: string }>(rows: readonly T[]) => Map.groupBy(rows, ({ app_id }) => app_id)
  const [releases, instances] = [of(reading.releases), of(reading.instances)]
  const facts = await Promise.all(
    reading.apps.map((app) =>
      loadFacts(deps, host, app, releases.get(app.id) ?? [], instances.get(app.id) ?? []),
    ),
  )
  const present = facts.filter((app) => app.instances.length + app.keepImages.length > 0)
  return planWorkload({ generation, hosts, apps: present, ...tellTrials(network, deps.now()) }, host)
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
        hosts: await hostsWithEdges(tx),
        apps: rows,
        releases: await listKeptReleases(tx),
        instances: await listInstances(tx, ids),
        network: await loadPolicy(tx),
      }
    })
}

/** A witness has none. */
async function hostsWithEdges(tx: Db): Promise<HostFacts[]> {
  const reports = await loadReports(tx)
  const hosts = (await listHosts(tx)).filter(({ role }) => role === 'full')
  return hosts.map(({ name, address }) => {
    return { name, address, runsApps: reports.get(name)?.report.runsApps === true }
  })
}

async function loadFacts(
  deps: ServerDeps,
  host: HostName,
  app: AppRow,
  releases: readonly ReleaseRow[],
  instances: readonly InstanceRow[],
): Promise<AppFacts> {
  const here = instances.filter((one) => one.host === host)
  const running = releases.filter(({ version }) => instances.some(({ release }) => release === version))
  const starting = releases.filter(({ state }) => state === 'starting').slice(0, KEPT_RELEASES)
  const kept = [...usableReleases(releases), ...starting, ...running]
  return {
    id: app.id,
    name: app.name,
    hostNames: [`${app.name}.${deps.config.installation.domain}`],
    // Secrets are opened for those who need them only.
    releases: await Promise.all(
      running
        .filter(({ version }) => here.some(({ release }) => release === version))
        .map((release) => openRelease(deps, app, release)),
    ),
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

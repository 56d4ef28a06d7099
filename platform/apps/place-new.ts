import { APP_LIMITS } from '#contract/apps.ts'
import { listHosts } from '#platform/fleet/index.ts'
import {
  loadReports,
  type PlacedInstance,
  placementHost,
  planPlacement,
  silenceByClock,
} from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { addInstances, countByHost, listInstances } from './instance-store.ts'
import { rowOf } from './observe.ts'
import type { InstanceKey } from './steps.ts'
import type { Db, InstanceRow } from './tables.ts'

/** Names an instance among all. */
export const keyOf = (appId: string, { process, index, release, epoch }: InstanceKey) =>
  `${appId}/${process}.${index}.v${release}.${epoch}`
/** Instances that stand in for each other. */
export const groupOf = (appId: string, { process, release, epoch }: InstanceKey) =>
  `${appId}/${process}.v${release}.${epoch}`
export const MEMORY_MB = APP_LIMITS.instance.memoryMb

/**
 * Adds instances that get no requests yet, each on the host that is best for it; those that are there stay as they are.
 * Where no host is ready, they wait on the first one.
 */
export async function placeNew(
  { config, now }: Pick<ServerDeps, 'config' | 'now'>,
  tx: Db,
  appId: string,
  keys: readonly InstanceKey[],
): Promise<void> {
  const own = await listInstances(tx, [appId])
  const missing = keys.filter((key) => rowOf(own, key) === undefined)
  const [hosts, reports, counts] = [await listHosts(tx), await loadReports(tx), await countByHost(tx)]
  const silence = silenceByClock(reports, now())
  const { moves } = planPlacement({
    hosts: hosts.map((host) => placementHost(host, reports.get(host.name), silence.get(host.name))),
    instances: [
      ...own.map((row) => ({ ...placed(appId, row, row.host), still: true })),
      ...missing.map((key) => placed(appId, key, null)),
    ],
    besides: besides(counts, own),
    movesLeft: 0,
  })
  const to = new Map(moves.map((move) => [move.key, move.to]))
  const rows = missing.map((key) => ({ ...key, host: to.get(keyOf(appId, key)) ?? config.host.name }))
  await addInstances(tx, appId, rows)
}

const placed = (appId: string, key: InstanceKey, host: string | null): PlacedInstance => ({
  key: keyOf(appId, key),
  group: groupOf(appId, key),
  memoryMb: MEMORY_MB,
  host,
  still: false,
})

/** What the instances of other apps have been promised, by host. */
function besides(counts: ReadonlyMap<string, number>, own: readonly InstanceRow[]): Map<string, number> {
  const ours = Map.groupBy(own, ({ host }) => host)
  return new Map(
    [...counts].map(([host, count]) => [host, (count - (ours.get(host)?.length ?? 0)) * MEMORY_MB]),
  )
}

import type { PlacementHost, PlacementInput } from '#platform/workload/index.ts'
import { groupOf, keyOf, MEMORY_MB } from './place-new.ts'
import type { InstanceRow } from './tables.ts'

/**
 * Every instance as placement sees it. One that is on its way to another host is planned where it goes, and takes
 * memory where it still is. An app that is `busy` is being changed.
 */
export function placementOf(
  hosts: readonly PlacementHost[],
  rows: readonly InstanceRow[],
  isBusy: (appId: string) => boolean,
): Omit<PlacementInput, 'movesLeft'> {
  const [leaving, staying] = [rows.filter(isLeaving), rows.filter((row) => !isLeaving(row))]
  const moving = new Set(leaving.map((row) => keyOf(row.app_id, row)))
  const besides = new Map<string, number>()
  for (const { host } of leaving) besides.set(host, (besides.get(host) ?? 0) + MEMORY_MB)
  const instances = staying.map((row) => ({
    key: keyOf(row.app_id, row),
    group: groupOf(row.app_id, row),
    memoryMb: MEMORY_MB,
    host: row.host,
    still: isBusy(row.app_id) || moving.has(keyOf(row.app_id, row)),
  }))
  return { hosts, instances, besides }
}

const isLeaving = ({ leaving_since }: InstanceRow) => leaving_since !== null

import type { Traffic } from '#contract/agent.ts'
import type { InstanceKey } from './steps.ts'
import { apps, type Db, type InstanceRow } from './tables.ts'

/** The instances that an app should have now. */
export async function listInstances(db: Db, appIds: readonly string[]): Promise<InstanceRow[]> {
  if (appIds.length === 0) return []
  return await apps(db)
    .selectFrom('apps_instance')
    .selectAll()
    .where('app_id', 'in', appIds)
    .orderBy('process')
    .orderBy('release')
    .orderBy('epoch')
    .orderBy('index')
    .execute()
}

/** Adds instances that get no requests yet; those that are there stay as they are, their images too. */
export async function addInstances(tx: Db, appId: string, keys: readonly InstanceKey[]): Promise<void> {
  if (keys.length === 0) return
  const releases = await apps(tx)
    .selectFrom('apps_release')
    .select(['version', 'image', 'next_image'])
    .where('app_id', '=', appId)
    .where('version', 'in', [...new Set(keys.map(({ release }) => release))])
    .execute()
  const images = new Map(releases.map((one) => [one.version, one.next_image ?? one.image]))
  const row = (key: InstanceKey) => ({
    app_id: appId,
    ...key,
    image: images.get(key.release) ?? null,
    traffic: 'none' as const,
  })
  await apps(tx)
    .insertInto('apps_instance')
    .values(keys.map(row))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

export async function setTraffic(
  tx: Db,
  appId: string,
  keys: readonly InstanceKey[],
  traffic: Traffic,
): Promise<void> {
  for (const key of keys) {
    await apps(tx)
      .updateTable('apps_instance')
      .set({ traffic })
      .where('app_id', '=', appId)
      .where((where) => where.and({ ...key }))
      .execute()
  }
}

export async function removeInstances(tx: Db, appId: string, keys: readonly InstanceKey[]): Promise<void> {
  for (const key of keys) {
    await apps(tx)
      .deleteFrom('apps_instance')
      .where('app_id', '=', appId)
      .where((where) => where.and({ ...key }))
      .execute()
  }
}

import { sql } from 'kysely'
import type { Traffic } from '#contract/agent.ts'
import type { HostName } from '#contract/ids.ts'
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
export async function addInstances(
  tx: Db,
  appId: string,
  keys: ReadonlyArray<InstanceKey & { readonly host: string }>,
): Promise<void> {
  if (keys.length === 0) return
  const releases = await apps(tx)
    .selectFrom('apps_release')
    .select(['version', 'image', 'next_image'])
    .where('app_id', '=', appId)
    .where('version', 'in', [...new Set(keys.map(({ release }) => release))])
    .execute()
  const images = new Map(releases.map((one) => [one.version, one.next_image ?? one.image]))
  const row = (key: (typeof keys)[number]) => ({
    app_id: appId,
    ...key,
    image: images.get(key.release) ?? null,
    traffic: 'none' as const,
    leaving_since: null,
  })
  await apps(tx)
    .insertInto('apps_instance')
    .values(keys.map(row))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** How many instances each host has. */
export async function countByHost(db: Db): Promise<Map<string, number>> {
  const rows = await apps(db)
    .selectFrom('apps_instance')
    .select(({ fn }) => ['host', fn.countAll<string>().as('count')])
    .groupBy('host')
    .execute()
  return new Map(rows.map(({ host, count }) => [host, Number(count)]))
}

const withRelease = (db: Db) =>
  apps(db)
    .selectFrom('apps_instance')
    .innerJoin('apps_release', (join) =>
      join
        .onRef('apps_release.app_id', '=', 'apps_instance.app_id')
        .onRef('apps_release.version', '=', 'apps_instance.release'),
    )

/** An instance from before the first roll of the stacks has its release's image. */
const ownImage = sql<string | null>`coalesce(apps_instance.image, apps_release.image)`

/** The images of the instances on a host. */
export async function imagesWantedOn(db: Db, host: string): Promise<Set<string>> {
  const rows = await withRelease(db)
    .select(ownImage.as('image'))
    .distinct()
    .where('apps_instance.host', '=', host)
    .execute()
  return new Set(rows.flatMap(({ image }) => (image === null ? [] : [image])))
}

/** The hosts that have built an image, or run instances of it. */
export async function hostsWithImage(db: Db, image: string): Promise<HostName[]> {
  const running = await withRelease(db)
    .select('apps_instance.host')
    .distinct()
    .where(ownImage, '=', image)
    .execute()
  const built = await apps(db)
    .selectFrom('apps_release')
    .select('built_on as host')
    .distinct()
    .where((is) => is.or([is('image', '=', image), is('next_image', '=', image)]))
    .execute()
  return [...built, ...running].flatMap(({ host }) => (host === null ? [] : [host as HostName]))
}

/** What is from before there was more than one host is on the first one. */
export async function adoptOld(tx: Db, host: string): Promise<void> {
  await apps(tx).updateTable('apps_instance').set({ host }).where('host', '=', '').execute()
  await apps(tx).updateTable('apps_source').set({ host }).where('host', 'is', null).execute()
  await apps(tx).updateTable('apps_release').set({ built_on: host }).where('built_on', 'is', null).execute()
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

import type { BuildResult } from '#contract/agent.ts'
import type { ReleaseState } from '#contract/apps.ts'
import type { RestackResult } from '#contract/host-stacks.ts'
import type { HostName } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { apps, type Db, type ReleaseRow } from './tables.ts'

/** So many releases can be rolled back to; the images of older ones are given up. */
export const KEPT_RELEASES = 10

export interface NewReleaseRow
  extends Pick<
    ReleaseRow,
    | 'app_id'
    | 'version'
    | 'state'
    | 'reason'
    | 'created_by'
    | 'recipe'
    | 'processes'
    | 'config_sealed'
    | 'database_rotation'
    | 'image'
    | 'stack'
    | 'slug_file'
    | 'slug_bytes'
    | 'built_on'
  > {}

/** The releases of an app, newest first. */
export async function listReleases(db: Db, appId: string): Promise<ReleaseRow[]> {
  return await apps(db)
    .selectFrom('apps_release')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('version', 'desc')
    .execute()
}

export async function findRelease(db: Db, appId: string, version: number): Promise<ReleaseRow | undefined> {
  return await apps(db)
    .selectFrom('apps_release')
    .selectAll()
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .executeTakeFirst()
}

/** The host that has what a release was made of. */
export const builtOn = (
  { config }: Pick<ServerDeps, 'config'>,
  release: Pick<ReleaseRow, 'built_on'>,
): HostName => (release.built_on ?? config.host.name) as HostName

export async function insertRelease(tx: Db, release: NewReleaseRow): Promise<void> {
  await apps(tx)
    .insertInto('apps_release')
    .values({
      ...release,
      recipe: JSON.stringify(release.recipe),
      processes: JSON.stringify(release.processes),
    })
    .execute()
}

/** Notes what the build made. */
export async function saveBuild(
  tx: Db,
  appId: string,
  version: number,
  result: BuildResult,
  host: string,
): Promise<void> {
  await apps(tx)
    .updateTable('apps_release')
    .set({
      state: 'starting',
      image: result.image,
      stack: result.stack,
      slug_file: result.slug?.file ?? null,
      slug_bytes: result.slug?.bytes ?? null,
      built_on: host,
    })
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .execute()
}

/** Notes the same code on a newer stack, which counts from the commit on, and the host that has it. */
export async function saveNext(
  tx: Db,
  appId: string,
  version: number,
  { image, stack, slug, host }: Omit<RestackResult, 'image'> & { image: string; host: HostName },
): Promise<void> {
  const taken = slug && { slug_file: slug.file, slug_bytes: slug.bytes }
  await apps(tx)
    .updateTable('apps_release')
    .set({ next_image: image, next_stack: stack, built_on: host, ...taken })
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .execute()
}

/** What was put on a newer stack never serves. */
export async function dropNext(tx: Db, appId: string, version: number): Promise<void> {
  await apps(tx)
    .updateTable('apps_release')
    .set({ next_image: null, next_stack: null })
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .execute()
}

/** What stands on the newer stack serves: from now on it is the release's image. */
export async function settleNext(tx: Db, appId: string, version: number): Promise<void> {
  await apps(tx)
    .updateTable('apps_release')
    .set((set) => ({
      image: set.ref('next_image'),
      stack: set.ref('next_stack'),
      next_image: null,
      next_stack: null,
    }))
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .where('next_image', 'is not', null)
    .execute()
}

/** The release that serves, of every app that has one. */
export async function listServing(db: Db) {
  return await apps(db)
    .selectFrom('apps_app')
    .innerJoin('apps_release', (join) =>
      join
        .onRef('apps_release.app_id', '=', 'apps_app.id')
        .onRef('apps_release.version', '=', 'apps_app.release'),
    )
    .select(['apps_app.id', 'apps_app.name', 'apps_release.version'])
    .select(['apps_release.recipe', 'apps_release.stack'])
    .select(['apps_release.slug_file', 'apps_release.built_on', 'apps_release.image'])
    .orderBy('apps_app.name')
    .execute()
}

export async function setReleaseState(
  tx: Db,
  appId: string,
  version: number,
  state: ReleaseState,
): Promise<void> {
  await apps(tx)
    .updateTable('apps_release')
    .set({ state })
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .execute()
}

/** Makes a release the one that serves; the one before is superseded. */
export async function serveRelease(tx: Db, appId: string, version: number): Promise<void> {
  await apps(tx)
    .updateTable('apps_release')
    .set({ state: 'superseded' })
    .where('app_id', '=', appId)
    .where('state', '=', 'serving')
    .where('version', '<>', version)
    .execute()
  await setReleaseState(tx, appId, version, 'serving')
}

/** Whether a release can be rolled back to; `releases` are all of the app, newest first. */
export function usableReleases<R extends Pick<ReleaseRow, 'state' | 'image'>>(releases: readonly R[]): R[] {
  return releases
    .filter(({ state, image }) => image !== null && (state === 'serving' || state === 'superseded'))
    .slice(0, KEPT_RELEASES)
}

/** Releases that run, can be rolled back to, or are about to start. */
export async function listKeptReleases(tx: Db): Promise<ReleaseRow[]> {
  return await apps(tx)
    .selectFrom('apps_release')
    .selectAll()
    .where('image', 'is not', null)
    .where((where) =>
      where.or([
        where('state', '<>', 'failed'),
        where.exists(
          where
            .selectFrom('apps_instance')
            .select('apps_instance.index')
            .whereRef('apps_instance.app_id', '=', 'apps_release.app_id')
            .whereRef('apps_instance.release', '=', 'apps_release.version'),
        ),
      ]),
    )
    .orderBy('version', 'desc')
    .execute()
}

/** So many releases of an app are shown; what is older is history that nobody asks for, with its configuration. */
export const LISTED_RELEASES = 100

/** Forgets the releases that are neither among an app's newest, nor usable, nor running. Gives how many. */
export async function removeOldReleases(tx: Db): Promise<number> {
  const rows = await apps(tx)
    .selectFrom('apps_release')
    .select(['app_id', 'version', 'state', 'image'])
    .orderBy('app_id')
    .orderBy('version', 'desc')
    .execute()
  const running = await apps(tx).selectFrom('apps_instance').select(['app_id', 'release']).execute()
  const isRunning = new Set(running.map(({ app_id, release }) => `${app_id} ${release}`))
  const old = [...Map.groupBy(rows, ({ app_id }) => app_id).values()].flatMap((own) => {
    const usable = new Set(usableReleases(own))
    return own
      .slice(LISTED_RELEASES)
      .filter((row) => !usable.has(row) && !isRunning.has(`${row.app_id} ${row.version}`))
  })
  for (const { app_id, version } of old) {
    await apps(tx)
      .deleteFrom('apps_release')
      .where('app_id', '=', app_id)
      .where('version', '=', version)
      .execute()
  }
  return old.length
}

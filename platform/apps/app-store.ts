import { MaruError } from '#contract/errors.ts'
import type { AppId, AppName } from '#contract/ids.ts'
import { announceApp } from '#platform/operations/index.ts'
import { type AppRow, apps, type Db } from './tables.ts'

/** Columns that say which app a row is. */
const WHOSE = ['team_id as team', 'name as app'] as const

/** An app by name; `apps.not_found` where there is none. */
export async function getApp(db: Db, name: string): Promise<AppRow> {
  const row = await apps(db)
    .selectFrom('apps_app')
    .selectAll()
    .where('name', '=', name as AppName)
    .executeTakeFirst()
  if (row === undefined) throw new MaruError('apps.not_found', { app: name })
  return row
}

/** An app by id; undefined once it is destroyed. */
export async function findAppById(db: Db, id: string): Promise<AppRow | undefined> {
  return await apps(db)
    .selectFrom('apps_app')
    .selectAll()
    .where('id', '=', id as AppId)
    .executeTakeFirst()
}

/** Reads an app and keeps everyone else from planning for it until the transaction ends. */
export async function lockApp(tx: Db, id: string): Promise<AppRow | undefined> {
  return await apps(tx)
    .selectFrom('apps_app')
    .selectAll()
    .where('id', '=', id as AppId)
    .forUpdate()
    .executeTakeFirst()
}

/** The team that owns an app. */
export async function teamOfApp(db: Db, name: string): Promise<string | undefined> {
  const row = await apps(db)
    .selectFrom('apps_app')
    .select('team_id')
    .where('name', '=', name as AppName)
    .executeTakeFirst()
  return row?.team_id
}

/** The apps of some teams, by name. */
export async function listApps(db: Db, teamIds: readonly string[]): Promise<AppRow[]> {
  if (teamIds.length === 0) return []
  return await apps(db)
    .selectFrom('apps_app')
    .selectAll()
    .where('team_id', 'in', teamIds)
    .orderBy('name')
    .execute()
}

/** Every app of the platform. */
export async function listAllApps(db: Db): Promise<AppRow[]> {
  return await apps(db).selectFrom('apps_app').selectAll().orderBy('id').execute()
}

/** The number of apps on the platform. */
export async function countApps(db: Db): Promise<number> {
  const { count } = await apps(db)
    .selectFrom('apps_app')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Inserts an app; `apps.name_taken` where the name is in use, by whomever. */
export async function insertApp(tx: Db, app: { id: AppId; name: AppName; teamId: string }): Promise<AppRow> {
  const row = await apps(tx)
    .insertInto('apps_app')
    .values({ id: app.id, name: app.name, team_id: app.teamId, config_sealed: null, release: null })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) throw new MaruError('apps.name_taken', { app: app.name })
  await announceApp(tx, { team: app.teamId, app: app.name })
  return row
}

export async function updateApp(
  tx: Db,
  id: string,
  change: Partial<Pick<AppRow, 'config_sealed' | 'release' | 'epoch' | 'next_release'>>,
): Promise<void> {
  const changed = await apps(tx)
    .updateTable('apps_app')
    .set(change)
    .where('id', '=', id as AppId)
    .returning(WHOSE)
    .executeTakeFirst()
  if (changed !== undefined) await announceApp(tx, changed)
}

/** Removes an app with everything that refers to it. */
export async function deleteApp(tx: Db, id: string): Promise<void> {
  const deleted = await apps(tx)
    .deleteFrom('apps_app')
    .where('id', '=', id as AppId)
    .returning(WHOSE)
    .executeTakeFirst()
  if (deleted !== undefined) await announceApp(tx, deleted)
}

/** Number of instances that a person has set, by process type. */
export async function loadFormation(db: Db, appId: string): Promise<Record<string, number>> {
  const rows = await apps(db)
    .selectFrom('apps_formation')
    .select(['process', 'count'])
    .where('app_id', '=', appId)
    .execute()
  return Object.fromEntries(rows.map(({ process, count }) => [process, count]))
}

export async function saveFormation(
  tx: Db,
  appId: string,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  const rows = Object.entries(counts).map(([process, count]) => ({ app_id: appId, process, count }))
  if (rows.length === 0) return
  await apps(tx)
    .insertInto('apps_formation')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['app_id', 'process']).doUpdateSet((set) => ({ count: set.ref('excluded.count') })),
    )
    .execute()
}

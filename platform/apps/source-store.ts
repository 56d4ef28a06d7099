import { MaruError } from '#contract/errors.ts'
import type { SourceId } from '#contract/ids.ts'
import { apps, type Db, type SourceRow } from './tables.ts'

/** An uploaded source of an app; `apps.source_not_found` where there is none, another app's included. */
export async function getSource(db: Db, appId: string, id: string): Promise<SourceRow> {
  const row = await apps(db)
    .selectFrom('apps_source')
    .selectAll()
    .where('id', '=', id as SourceId)
    .where('app_id', '=', appId)
    .executeTakeFirst()
  if (row === undefined) throw new MaruError('apps.source_not_found', { source: id })
  return row
}

export async function insertSource(tx: Db, source: Omit<SourceRow, 'created_at'>): Promise<void> {
  await apps(tx)
    .insertInto('apps_source')
    .values({
      ...source,
      recipe: JSON.stringify(source.recipe),
      processes: JSON.stringify(source.processes),
    })
    .execute()
}

/** So many sources of an app wait for their deploy; one more, and the oldest is given up. */
const WAITING_SOURCES = 4

/** Sources that were uploaded before `before`, or that are too many: of one app, or of all. */
export async function listUnused(db: Db, before: Date, appId?: string): Promise<SourceRow[]> {
  const rows = await apps(db)
    .selectFrom('apps_source')
    .selectAll()
    .$if(appId !== undefined, (query) => query.where('app_id', '=', appId ?? ''))
    .orderBy('created_at', 'desc')
    .execute()
  const seen = new Map<string, number>()
  return rows.filter((row) => {
    const newer = seen.get(row.app_id) ?? 0
    seen.set(row.app_id, newer + 1)
    return row.created_at < before || newer >= WAITING_SOURCES
  })
}

/** The sources of an app. */
export async function listSources(db: Db, appId: string): Promise<SourceRow[]> {
  return await apps(db).selectFrom('apps_source').selectAll().where('app_id', '=', appId).execute()
}

/** Names of the files that belong to a source. */
export async function knownFiles(db: Db): Promise<Set<string>> {
  const rows = await apps(db).selectFrom('apps_source').select('file').execute()
  return new Set(rows.map(({ file }) => file))
}

export async function deleteSource(tx: Db, id: string): Promise<void> {
  await apps(tx)
    .deleteFrom('apps_source')
    .where('id', '=', id as SourceId)
    .execute()
}

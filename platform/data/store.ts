import type { Generated, Selectable } from 'kysely'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']

interface DatabaseTable {
  app_id: string
  rotation: Generated<number>
  pending_rotation: number | null
  password_a: string | null
  password_b: string | null
  rotated_at: Generated<Date>
  ready: Generated<boolean>
}
export type DatabaseRow = Selectable<DatabaseTable>

const data = (db: Db) => db.withTables<{ data_database: DatabaseTable }>()

/** The record of an app's database. */
export async function findDatabase(db: Db, appId: string): Promise<DatabaseRow | undefined> {
  return await data(db).selectFrom('data_database').selectAll().where('app_id', '=', appId).executeTakeFirst()
}

/** Begins the record; the password that is there already stays. */
export async function insertDatabase(db: Db, appId: string, passwordA: string): Promise<DatabaseRow> {
  await data(db)
    .insertInto('data_database')
    .values({ app_id: appId, password_a: passwordA, pending_rotation: null, password_b: null })
    .onConflict((conflict) => conflict.column('app_id').doNothing())
    .execute()
  return await data(db)
    .selectFrom('data_database')
    .selectAll()
    .where('app_id', '=', appId)
    .executeTakeFirstOrThrow()
}

export async function updateDatabase(
  db: Db,
  appId: string,
  change: Partial<Omit<DatabaseRow, 'app_id'>>,
): Promise<void> {
  await data(db).updateTable('data_database').set(change).where('app_id', '=', appId).execute()
}

export async function deleteDatabase(db: Db, appId: string): Promise<void> {
  await data(db).deleteFrom('data_database').where('app_id', '=', appId).execute()
}

/** The apps whose database is complete. */
export async function listReady(db: Db): Promise<string[]> {
  const rows = await data(db).selectFrom('data_database').select('app_id').where('ready', '=', true).execute()
  return rows.map(({ app_id }) => app_id)
}

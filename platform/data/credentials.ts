import { INSTANCE_CA } from '#contract/installation.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { databaseUrl, loginOf, namesOf } from './names.ts'
import { sealedPassword } from './rotation.ts'
import { type Db, findDatabase } from './store.ts'

export interface Credentials {
  readonly role: string
  readonly password: string
  readonly database: string
}

/** How often the credentials of an app's database were rotated; null while there is no database. */
export async function findRotation(db: Db, appId: string): Promise<number | null> {
  const row = await findDatabase(db, appId)
  return row?.ready ? row.rotation : null
}

/** The credentials of a rotation; undefined where there are none yet. */
export async function findCredentials(
  deps: Pick<ServerDeps, 'secrets'>,
  db: Db,
  appId: string,
  rotation: number,
): Promise<Credentials | undefined> {
  const row = await findDatabase(db, appId)
  const sealed = row === undefined ? null : sealedPassword(row, rotation)
  if (sealed === null) return undefined
  const password = await deps.secrets.open(appId, sealed)
  return { role: loginOf(appId, rotation), password, database: namesOf(appId).database }
}

/** DATABASE_URL as a release gets it; empty while there is no database. */
export async function findUrl(
  deps: Pick<ServerDeps, 'secrets' | 'config'>,
  db: Db,
  appId: string,
  rotation: number,
): Promise<string> {
  const credentials = await findCredentials(deps, db, appId, rotation)
  if (credentials === undefined) return ''
  return databaseUrl({ ...credentials, ...deps.config.appDatabase, caFile: INSTANCE_CA })
}

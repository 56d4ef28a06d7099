import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { DATA_LIMITS } from '#contract/data.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { namesOf } from './names.ts'
import { asMember, disableLogin, dropRoles, ensureGroup, ensureLimits, ensureLogin } from './roles.ts'
import { type Db, deleteDatabase, findDatabase, insertDatabase, updateDatabase } from './store.ts'

const PASSWORD_BYTES = 24

/** A password that needs no escaping in a URL. */
export const makePassword = (): string => randomBytes(PASSWORD_BYTES).toString('base64url')

/**
 * Makes an app's database, or finishes or finds it: every statement may run again. CREATE DATABASE can't be part of a
 * transaction, so the record's `ready` comes last.
 */
export async function ensureDatabase(deps: ServerDeps, appId: string): Promise<void> {
  const known = await read(() => findDatabase(deps.db, appId))
  if (known?.ready && (await read(() => hasLimits(deps.db, appId)))) return
  await deps.db.connection().execute(async (one) => {
    // Two who make it at the same time would take each other's membership away. A lock of the session: see above.
    const lock = sql`hashtextextended(${`database:${appId}`}, 0)`
    await sql`select pg_advisory_lock(${lock})`.execute(one)
    try {
      await makeOrFinish(deps, one, appId)
    } finally {
      await sql`select pg_advisory_unlock(${lock})`.execute(one)
    }
  })
}

async function makeOrFinish(deps: ServerDeps, one: Db, appId: string): Promise<void> {
  const known = await findDatabase(one, appId)
  if (known?.ready) {
    await ensureLimits(one, appId)
    // Last: by the database's own limit the next one sees that all are there.
    return await asMember(one, appId, () => closeToOthers(one, appId))
  }
  const sealed = known?.password_a ?? (await deps.secrets.seal(appId, makePassword()))
  const row = await insertDatabase(one, appId, sealed)
  const password = await deps.secrets.open(appId, row.password_a ?? sealed)
  await ensureGroup(one, appId)
  await asMember(one, appId, async () => {
    await createDatabase(one, appId)
    await closeToOthers(one, appId)
    await settle(deps, appId)
  })
  await ensureLogin(one, appId, 0, password)
  await updateDatabase(one, appId, { ready: true })
}

async function createDatabase(db: Db, appId: string): Promise<void> {
  const { database, group } = namesOf(appId)
  const { rows } = await sql`select 1 from pg_database where datname = ${database}`.execute(db)
  if (rows.length > 0) return
  await sql`create database ${sql.id(database)} owner ${sql.id(group)}`.execute(db)
}

/** During a rotation both roles have connections. */
const DATABASE_LIMIT = DATA_LIMITS.connectionsPerRole * 2

/** False where an earlier version made the database. */
async function hasLimits(db: Db, appId: string): Promise<boolean> {
  const { database } = namesOf(appId)
  const { rows } =
    await sql`select 1 from pg_database where datname = ${database} and datconnlimit = ${DATABASE_LIMIT}`.execute(
      db,
    )
  return rows.length > 0
}

/** By default PostgreSQL lets every role connect to every database. */
async function closeToOthers(db: Db, appId: string): Promise<void> {
  const { database } = namesOf(appId)
  const limit = sql.lit(DATABASE_LIMIT)
  await sql`revoke all on database ${sql.id(database)} from public`.execute(db)
  await sql`alter database ${sql.id(database)} with connection limit ${limit}`.execute(db)
}

/** Inside the database: the schema belongs to the group and to nobody else. */
async function settle(deps: ServerDeps, appId: string): Promise<void> {
  const { database, group } = namesOf(appId)
  const inside = deps.openDatabase(database)
  try {
    await inside.transaction().execute(async (tx) => {
      await sql`set local role ${sql.id(group)}`.execute(tx)
      await sql`alter schema public owner to ${sql.id(group)}`.execute(tx)
      await sql`revoke all on schema public from public`.execute(tx)
    })
  } finally {
    await inside.destroy()
  }
}

/** Removes an app's database, its roles and its record. May run again after it was cut off. */
export async function dropDatabase(deps: ServerDeps, appId: string): Promise<void> {
  const row = await read(() => findDatabase(deps.db, appId))
  if (row === undefined) return
  const { database, group } = namesOf(appId)
  for (const rotation of [0, 1]) await disableLogin(deps.db, appId, rotation)
  const { rows } = await sql`select 1 from pg_roles where rolname = ${group}`.execute(deps.db)
  if (rows.length > 0) {
    await deps.db.connection().execute(async (one) => {
      await asMember(one, appId, async () => {
        await sql`drop database if exists ${sql.id(database)} with (force)`.execute(one)
      })
    })
  }
  await dropRoles(deps.db, appId)
  await deleteDatabase(deps.db, appId)
}

import { sql } from 'kysely'
import { DATA_LIMITS } from '#contract/data.ts'
import { loginOf, namesOf } from './names.ts'
import { scramVerifier } from './scram.ts'
import type { Db } from './store.ts'

const id = sql.id
const text = (value: string) => sql.lit(value)

const roleExists = async (db: Db, role: string): Promise<boolean> => {
  const { rows } = await sql`select 1 from pg_roles where rolname = ${role}`.execute(db)
  return rows.length > 0
}

/** The role that owns what the app stores. Nobody logs in as it. */
export async function ensureGroup(db: Db, appId: string): Promise<void> {
  const { group } = namesOf(appId)
  if (await roleExists(db, group)) return
  await sql`create role ${id(group)} nologin noinherit`.execute(db)
}

/**
 * A login role with a new password. It acts as the group from its first statement on, so that objects made before
 * and after a rotation have one owner.
 */
export async function ensureLogin(db: Db, appId: string, rotation: number, password: string): Promise<void> {
  const { database, group } = namesOf(appId)
  const login = loginOf(appId, rotation)
  if (!(await roleExists(db, login))) await sql`create role ${id(login)} nologin`.execute(db)
  await sql`grant ${id(group)} to ${id(login)}`.execute(db)
  await sql`alter role ${id(login)} in database ${id(database)} set role = ${text(group)}`.execute(db)
  await sql`alter role ${id(login)} in database ${id(database)} set search_path = public`.execute(db)
  await sql`alter role ${id(login)} login connection limit ${sql.lit(DATA_LIMITS.connectionsPerRole)} password ${text(scramVerifier(password))}`.execute(
    db,
  )
}

/** Gives the logins that an app has as many connections as one that is made now. */
export async function ensureLimits(db: Db, appId: string): Promise<void> {
  for (const login of namesOf(appId).logins)
    if (await roleExists(db, login))
      await sql`alter role ${id(login)} connection limit ${sql.lit(DATA_LIMITS.connectionsPerRole)}`.execute(
        db,
      )
}

/** Ends a login role's sessions and keeps it out until it gets a new password. */
export async function disableLogin(db: Db, appId: string, rotation: number): Promise<void> {
  const login = loginOf(appId, rotation)
  if (!(await roleExists(db, login))) return
  await sql`alter role ${id(login)} nologin password null`.execute(db)
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${login}`.execute(db)
}

/**
 * Runs `work` while the control plane is a member of the app's group. It created the role, so it may admit itself;
 * at all other times it has no right in the app's database.
 */
export async function asMember<T>(db: Db, appId: string, work: () => Promise<T>): Promise<T> {
  const { group } = namesOf(appId)
  await sql`grant ${id(group)} to current_user with inherit true, set true granted by current_user`.execute(
    db,
  )
  try {
    return await work()
  } finally {
    await sql`revoke ${id(group)} from current_user granted by current_user`.execute(db)
  }
}

/** Removes the app's roles, once nothing belongs to them. */
export async function dropRoles(db: Db, appId: string): Promise<void> {
  const { group, logins } = namesOf(appId)
  for (const role of [...logins, group]) await sql`drop role if exists ${id(role)}`.execute(db)
}

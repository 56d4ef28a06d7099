/** Names in PostgreSQL that belong to an app. All come from its random id, so a new app never meets an old one's. */
export interface DatabaseNames {
  readonly database: string
  /** Owns the database and everything in it; cannot log in. */
  readonly group: string
  /** Log in, and act as the group. */
  readonly logins: readonly [string, string]
}

/** The names for an app. The id has passed its schema; the check here keeps a mistake from reaching SQL. */
export function namesOf(appId: string): DatabaseNames {
  if (!/^app_[a-z0-9]{4,32}$/.test(appId)) throw new Error(`not an app id: ${appId}`)
  return { database: appId, group: appId, logins: [`${appId}_a`, `${appId}_b`] }
}

/** The role that logs in since a rotation: a after an even number of rotations, b after an odd one. */
export const loginOf = (appId: string, rotation: number): string =>
  namesOf(appId).logins[rotation % 2 === 0 ? 0 : 1]

/** What an app gets as DATABASE_URL. */
export function databaseUrl(parts: {
  readonly role: string
  readonly password: string
  readonly host: string
  readonly port: number
  readonly database: string
  readonly caFile: string
}): string {
  const { role, password, host, port, database, caFile } = parts
  return `postgres://${role}:${password}@${host}:${port}/${database}?sslmode=verify-full&sslrootcert=${caFile}`
}

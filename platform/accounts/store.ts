import { type Kysely, sql } from 'kysely'
import type { TeamRole } from '#contract/access.ts'
import type { Token } from '#contract/accounts.ts'
import type { TokenId } from '#contract/ids.ts'

/** Tables of the accounts. */
type AccountTables = {
  accounts_user: { id: string; name: string; email: string; operator: boolean }
  accounts_browser_session: { secret_hash: Buffer; user_id: string; created_at: Date; expires_at: Date }
  accounts_team: { id: string; name: string }
  accounts_membership: { team_id: string; user_id: string; role: string }
  accounts_setup_link: { only_one: boolean; secret_hash: Buffer; expires_at: Date }
  accounts_token: TokenRow & { user_id: string; secret_hash: Buffer }
  accounts_login_failure: { email: string; source: string; failed_at: Date }
}

interface TokenRow {
  id: string
  name: string
  created_at: Date
  expires_at: Date
  last_used_at: Date | null
}

// biome-ignore lint/complexity/noBannedTypes: this is where the tables are named
export type Database = Kysely<{}>

/** The tables, for the stores of this folder. */
export const tables = (db: Database) => db.withTables<AccountTables>()
const TOKEN_COLUMNS = ['id', 'name', 'created_at', 'expires_at', 'last_used_at'] as const

const toToken = (row: TokenRow): Token => ({
  id: row.id as TokenId,
  name: row.name,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
})

/** Replaces the set-up link by a new one. */
export async function replaceSetupLink(db: Database, secretHash: Buffer, expiresAt: Date): Promise<void> {
  const row = { secret_hash: secretHash, expires_at: expiresAt }
  await tables(db)
    .insertInto('accounts_setup_link')
    .values({ only_one: true, ...row })
    .onConflict((conflict) => conflict.column('only_one').doUpdateSet(row))
    .execute()
}

/** Whether the link can be taken now. */
export async function hasSetupLink(db: Database, secretHash: Buffer, now: Date): Promise<boolean> {
  const row = await tables(db)
    .selectFrom('accounts_setup_link')
    .select('only_one')
    .where('secret_hash', '=', secretHash)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row !== undefined
}

/** Takes the link: of two at the same moment only one gets `true`, and only when the transaction commits. */
export async function takeSetupLink(db: Database, secretHash: Buffer, now: Date): Promise<boolean> {
  const taken = await tables(db)
    .deleteFrom('accounts_setup_link')
    .where('secret_hash', '=', secretHash)
    .where('expires_at', '>', now)
    .returning('only_one')
    .executeTakeFirst()
  return taken !== undefined
}

/** Makes a person a member of a team. */
export async function addMember(db: Database, teamId: string, userId: string, role: TeamRole): Promise<void> {
  await tables(db)
    .insertInto('accounts_membership')
    .values({ team_id: teamId, user_id: userId, role })
    .execute()
}

/** Names of teams, by id. */
export async function loadTeamNames(db: Database, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await tables(db)
    .selectFrom('accounts_team')
    .select(['id', 'name'])
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** A person's e-mail address. */
export async function findEmail(db: Database, userId: string): Promise<string | undefined> {
  const row = await tables(db)
    .selectFrom('accounts_user')
    .select('email')
    .where('id', '=', userId)
    .executeTakeFirst()
  return row?.email
}

export async function insertToken(
  db: Database,
  token: { id: TokenId; userId: string; name: string; secretHash: Buffer; now: Date; expiresAt: Date },
): Promise<Token> {
  const row = await tables(db)
    .insertInto('accounts_token')
    .values({
      id: token.id,
      user_id: token.userId,
      name: token.name,
      secret_hash: token.secretHash,
      created_at: token.now,
      expires_at: token.expiresAt,
      last_used_at: null,
    })
    .returning(TOKEN_COLUMNS)
    .executeTakeFirstOrThrow()
  return toToken(row)
}

/** A person's tokens, newest first. */
export async function listTokens(db: Database, userId: string, now: Date): Promise<Token[]> {
  const rows = await tables(db)
    .selectFrom('accounts_token')
    .select(TOKEN_COLUMNS)
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map(toToken)
}

/** False when the person has no such token. */
export async function deleteToken(db: Database, userId: string, id: TokenId): Promise<boolean> {
  const row = await tables(db)
    .deleteFrom('accounts_token')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function touchToken(db: Database, id: string, now: Date): Promise<void> {
  await tables(db).updateTable('accounts_token').set({ last_used_at: now }).where('id', '=', id).execute()
}

export interface LoginFailures {
  /** For the address, from this source. */
  readonly here: number
  readonly ofEmail: number
  readonly ofSource: number
}

/**
 * In a transaction: counts a sign-in as failed until it succeeds. False, and not counted, where there have been too
 * many: so a pause ends by itself, and whoever is paused cannot add to what pauses others.
 */
export async function addLoginFailure(
  db: Database,
  attempt: { email: string; source: string; now: Date; since: Date },
  isTooMany: (before: LoginFailures) => boolean,
): Promise<boolean> {
  const { email, source, now, since } = attempt
  // One after the other for each address: attempts at the same moment must see each other's rows.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`login:${email}`}, 0))`.execute(db)
  const before = await tables(db)
    .selectFrom('accounts_login_failure')
    .select(({ fn, and, eb }) => [
      fn
        .countAll<number>()
        .filterWhere(and([eb('email', '=', email), eb('source', '=', source)]))
        .as('here'),
      fn.countAll<number>().filterWhere('email', '=', email).as('ofEmail'),
      fn.countAll<number>().filterWhere('source', '=', source).as('ofSource'),
    ])
    .where('failed_at', '>', since)
    .where((is) => is.or([is('email', '=', email), is('source', '=', source)]))
    .executeTakeFirstOrThrow()
  if (isTooMany(before)) return false
  await tables(db).insertInto('accounts_login_failure').values({ email, source, failed_at: now }).execute()
  return true
}

/** A right password clears what was counted for the address. */
export async function clearLoginFailures(db: Database, email: string): Promise<void> {
  await tables(db).deleteFrom('accounts_login_failure').where('email', '=', email).execute()
}

/** When each kind of row no longer counts. */
export interface SweepTimes {
  readonly failedBefore: Date
  readonly tokensExpiredBefore: Date
  readonly sessionsExpiredBefore: Date
}

/** Removes what no longer counts: old failures, tokens that people may still look for, and sessions. */
export async function sweepAccounts(db: Database, times: SweepTimes): Promise<void> {
  const { failedBefore, tokensExpiredBefore, sessionsExpiredBefore } = times
  await tables(db).deleteFrom('accounts_login_failure').where('failed_at', '<', failedBefore).execute()
  await tables(db).deleteFrom('accounts_token').where('expires_at', '<', tokensExpiredBefore).execute()
  await tables(db)
    .deleteFrom('accounts_browser_session')
    .where('expires_at', '<', sessionsExpiredBefore)
    .execute()
}

import { type Principal, TeamRole } from '#contract/access.ts'
import { type Database, tables } from './store.ts'

/** Who a token belongs to. Nothing is cached: a revoked token is dead with the next request. */
export async function findByToken(
  db: Database,
  secretHash: Buffer,
  now: Date,
): Promise<{ tokenId: string; lastUsedAt: Date | null; principal: Principal } | undefined> {
  const rows = await peopleWithTeams(db)
    .innerJoin('accounts_token as token', 'token.user_id', 'person.id')
    .select(['token.id as tokenId', 'token.last_used_at as lastUsedAt'])
    .where('token.secret_hash', '=', secretHash)
    .where('token.expires_at', '>', now)
    .execute()
  const principal = toPrincipal(rows)
  return principal && rows[0] && { ...rows[0], principal }
}

/** Whose browser session it is. Nothing is cached here either. */
export async function findBySession(
  db: Database,
  secretHash: Buffer,
  now: Date,
): Promise<Principal | undefined> {
  const rows = await peopleWithTeams(db)
    .innerJoin('accounts_browser_session as session', 'session.user_id', 'person.id')
    .where('session.secret_hash', '=', secretHash)
    .where('session.expires_at', '>', now)
    .execute()
  return toPrincipal(rows)
}

/** People, with a row for each of their teams; one row where there is none. */
const peopleWithTeams = (db: Database) =>
  tables(db)
    .selectFrom('accounts_user as person')
    .leftJoin('accounts_membership as member', 'member.user_id', 'person.id')
    .select(['person.id', 'person.name', 'person.operator', 'member.team_id as teamId', 'member.role'])

interface PersonRow {
  readonly id: string
  readonly name: string
  readonly operator: boolean
  readonly teamId: string | null
  readonly role: string | null
}

function toPrincipal(rows: readonly PersonRow[]): Principal | undefined {
  const [first] = rows
  if (!first) return undefined
  const teams = rows.flatMap(({ teamId, role }) =>
    teamId === null ? [] : [{ teamId, role: TeamRole.parse(role) }],
  )
  const { id, name, operator } = first
  return { kind: 'user', id, name, operator, teams }
}

import type { Principal } from '#contract/access.ts'
import { read } from '#runtime/server/transact.ts'
import { findByToken } from './principal-store.ts'
import { hashSecret, looksLikeToken } from './secrets.ts'
import { type Database, touchToken } from './store.ts'

/** The team that the installation comes with; made by the migration. */
export const FIRST_TEAM = 'team_home'

/** Root on the host: an operator, and an owner of the installation's first team, never of another. */
export const ROOT: Principal = {
  kind: 'root',
  id: 'root',
  name: 'root',
  operator: true,
  teams: [{ teamId: FIRST_TEAM, role: 'owner' }],
}

/** "Last used" is kept to the minute, so that reading does not become writing. */
const TOUCH_MS = 60_000

/** Who a bearer token belongs to; undefined when it is unknown, expired or revoked. */
export async function principalOf(db: Database, token: string, now: Date): Promise<Principal | undefined> {
  if (!looksLikeToken(token)) return undefined
  const found = await read(() => findByToken(db, hashSecret(token), now))
  if (!found) return undefined
  if (found.lastUsedAt === null || now.getTime() - found.lastUsedAt.getTime() > TOUCH_MS)
    await read(() => touchToken(db, found.tokenId, now))
  return found.principal
}

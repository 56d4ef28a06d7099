import { ACCOUNT_LIMITS, type NewToken } from '#contract/accounts.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import { hashSecret, newTokenSecret } from './secrets.ts'
import { type Database, insertToken } from './store.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** Makes an API token; its secret is in the answer and nowhere else. */
export async function issueToken(
  db: Database,
  request: { userId: string; name: string; now: Date; days?: number },
): Promise<NewToken> {
  const { userId, name, now, days = ACCOUNT_LIMITS.tokenDays } = request
  const secret = newTokenSecret()
  const expiresAt = new Date(now.getTime() + days * DAY_MS)
  const secretHash = hashSecret(secret)
  const token = await insertToken(db, { id: randomId('tok'), userId, name, secretHash, now, expiresAt })
  return { token, secret }
}

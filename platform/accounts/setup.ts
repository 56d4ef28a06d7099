import { ACCOUNT_LIMITS } from '#contract/accounts.ts'
import { MaruError } from '#contract/errors.ts'
import { isUniqueViolation } from '#runtime/server/database-errors.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { type AuthSettings, addPerson, hashPassword, makeAuth } from './better-auth.ts'
import { checkPassword } from './password-strength.ts'
import { FIRST_TEAM } from './principals.ts'
import { hashSecret, newSecret } from './secrets.ts'
import { addMember, type Database, hasSetupLink, replaceSetupLink, takeSetupLink } from './store.ts'

type Deps = Pick<ServerDeps, 'db' | 'now'>

const HOUR_MS = 60 * 60 * 1000

/** Makes a new set-up link; the one before stops working. */
export async function makeSetupLink({ db, now }: Deps): Promise<{ token: string; expiresAt: string }> {
  const token = newSecret()
  const expiresAt = new Date(now().getTime() + ACCOUNT_LIMITS.setupLinkHours * HOUR_MS)
  await read(() => replaceSetupLink(db, hashSecret(token), expiresAt))
  return { token, expiresAt: expiresAt.toISOString() }
}

/**
 * Takes the set-up link and makes the operator, in one transaction with what `issue` makes for them: the link is used
 * exactly when the operator exists. A password that is refused leaves the link as it was.
 */
export async function takeSetup<T>(
  { db, now }: Deps,
  settings: AuthSettings,
  request: { token: string; email: string; name: string; password: string },
  issue: (tx: Database, userId: string) => Promise<T>,
): Promise<T> {
  const secretHash = hashSecret(request.token)
  const email = request.email.toLowerCase()
  // Before the slow hash: a stranger without a link must not be able to keep us busy.
  if (!(await read(() => hasSetupLink(db, secretHash, now())))) throw new MaruError('accounts.setup_invalid')
  await checkPassword(request.password, { email, name: request.name })
  const passwordHash = await hashPassword(makeAuth(db, settings), request.password)
  try {
    return await transact(db, async (tx) => {
      if (!(await takeSetupLink(tx, secretHash, now()))) throw new MaruError('accounts.setup_invalid')
      const person = { email, name: request.name, passwordHash, operator: true }
      const userId = await addPerson(makeAuth(tx, settings), person)
      await addMember(tx, FIRST_TEAM, userId, 'owner')
      return await issue(tx, userId)
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw new MaruError('accounts.email_taken', {}, { cause: error })
    throw error
  }
}

import { ACCOUNT_LIMITS } from '#contract/accounts.ts'
import { MaruError } from '#contract/errors.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { type AuthSettings, findByPassword, makeAuth } from './better-auth.ts'
import { addLoginFailure, clearLoginFailures, type Database, type LoginFailures } from './store.ts'

/** One source may fail for more addresses than one, but not for many. */
const ATTEMPTS_OF_SOURCE = 5 * ACCOUNT_LIMITS.loginAttempts
/** From many sources together: high enough that one stranger alone cannot keep a person out. */
const ATTEMPTS_OF_EMAIL = 10 * ACCOUNT_LIMITS.loginAttempts

const isTooMany = ({ here, ofEmail, ofSource }: LoginFailures) =>
  here >= ACCOUNT_LIMITS.loginAttempts || ofEmail >= ATTEMPTS_OF_EMAIL || ofSource >= ATTEMPTS_OF_SOURCE

/**
 * Checks a password; `issue` makes what the person gets for it, in one transaction with the count of failures. Every attempt counts as failed before the password is looked at, so that many at the same
 * moment don't get more guesses. Known and unknown addresses are answered, paused and timed alike.
 */
export async function logIn<T>(
  { db, now }: Pick<ServerDeps, 'db' | 'now'>,
  settings: AuthSettings,
  request: { email: string; password: string; source: string },
  issue: (tx: Database, userId: string) => Promise<T>,
): Promise<T> {
  const email = request.email.toLowerCase()
  const since = new Date(now().getTime() - ACCOUNT_LIMITS.loginWindowS * 1000)
  const attempt = { email, source: request.source, now: now(), since }
  if (!(await transact(db, (tx) => addLoginFailure(tx, attempt, isTooMany))))
    throw new MaruError('accounts.login_paused', { minutes: ACCOUNT_LIMITS.loginWindowS / 60 })
  const userId = await read(() => findByPassword(makeAuth(db, settings), email, request.password))
  if (userId === undefined)
    throw new MaruError('accounts.login_failed', { attempts: ACCOUNT_LIMITS.loginAttempts })
  return await transact(db, async (tx) => {
    await clearLoginFailures(tx, email)
    return await issue(tx, userId)
  })
}

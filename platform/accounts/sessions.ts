import type { Principal } from '#contract/access.ts'
import { ACCOUNT_LIMITS } from '#contract/accounts.ts'
import { MaruError } from '#contract/errors.ts'
import type { BrowserSession } from '#runtime/server/browser-session.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { findBySession } from './principal-store.ts'
import { hashSecret, newSecret } from './secrets.ts'
import { deleteSession, insertSession } from './session-store.ts'
import type { Database } from './store.ts'

type Deps = Pick<ServerDeps, 'db' | 'now'>

const SESSION_S = ACCOUNT_LIMITS.sessionHours * 60 * 60

/** Whose browser session this is; undefined when it is unknown, over or ended. */
export async function principalOfSession(
  db: Database,
  secret: string,
  now: Date,
): Promise<Principal | undefined> {
  return await read(() => findBySession(db, hashSecret(secret), now))
}

/** In a transaction: makes a session and gives its secret, which only the browser keeps. */
export async function issueSession(db: Database, userId: string, now: Date): Promise<string> {
  const secret = newSecret()
  const expiresAt = new Date(now.getTime() + SESSION_S * 1000)
  await insertSession(db, { secretHash: hashSecret(secret), userId, now, expiresAt })
  return secret
}

/** Hands a new session to the browser, in place of the one that it had. */
export async function beginSession({ db, now }: Deps, secret: string, browser: BrowserSession) {
  await endSession({ db }, browser)
  browser.begin(secret, SESSION_S)
  const principal = await principalOfSession(db, secret, now())
  if (!principal) throw new MaruError('unauthenticated')
  return principal
}

/** Ends the browser's session: from now on its cookie is worth nothing. */
export async function endSession({ db }: Pick<Deps, 'db'>, browser: BrowserSession): Promise<void> {
  const { secret } = browser
  if (secret !== undefined) await read(() => deleteSession(db, hashSecret(secret)))
  browser.end()
}

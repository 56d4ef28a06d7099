import { type Database, tables } from './store.ts'

export async function insertSession(
  db: Database,
  session: { secretHash: Buffer; userId: string; now: Date; expiresAt: Date },
): Promise<void> {
  await tables(db)
    .insertInto('accounts_browser_session')
    .values({
      secret_hash: session.secretHash,
      user_id: session.userId,
      created_at: session.now,
      expires_at: session.expiresAt,
    })
    .execute()
}

/** Ends a session; one that is not there is at its end already. */
export async function deleteSession(db: Database, secretHash: Buffer): Promise<void> {
  await tables(db).deleteFrom('accounts_browser_session').where('secret_hash', '=', secretHash).execute()
}

import { type Db, fleet, type InvitationRow } from './tables.ts'

/** Makes an invitation; the one before for this name stops working. */
export async function replaceInvitation(tx: Db, row: Omit<InvitationRow, 'taken_by'>): Promise<void> {
  await fleet(tx)
    .insertInto('fleet_invitation')
    .values({ ...row, taken_by: null })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ ...row, taken_by: null }))
    .execute()
}

/** An invitation that has not expired; it may be taken already. */
export async function findInvitation(
  db: Db,
  secretHash: Buffer,
  now: Date,
): Promise<InvitationRow | undefined> {
  return await fleet(db)
    .selectFrom('fleet_invitation')
    .selectAll()
    .where('secret_hash', '=', secretHash)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/** Takes an invitation for a key, once: only the same key can take it again. False when somebody else was first. */
export async function takeInvitation(
  tx: Db,
  secretHash: Buffer,
  keyHash: string,
  now: Date,
): Promise<boolean> {
  const taken = await fleet(tx)
    .updateTable('fleet_invitation')
    .set({ taken_by: keyHash })
    .where('secret_hash', '=', secretHash)
    .where('expires_at', '>', now)
    .where((is) => is.or([is('taken_by', 'is', null), is('taken_by', '=', keyHash)]))
    .returning('name')
    .executeTakeFirst()
  return taken !== undefined
}

import { sql } from 'kysely'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']

interface RollAppTable {
  operation_id: string
  app_id: string
  app: string
  moved: boolean
  detail: string
}
export type Outcome = RollAppTable

const stacks = (db: Db) => db.withTables<{ stacks_roll_app: RollAppTable }>()

/** Of two rolls that begin at once, one waits until the other is there. */
export async function lockRolls(tx: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('stacks.roll'))`.execute(tx)
}

/** Keeps how a roll ended for an app. False when that was known already. */
export async function saveOutcome(tx: Db, outcome: Outcome): Promise<boolean> {
  const saved = await stacks(tx)
    .insertInto('stacks_roll_app')
    .values(outcome)
    .onConflict((conflict) => conflict.doNothing())
    .returning('app_id')
    .executeTakeFirst()
  return saved !== undefined
}

/** How a roll has ended for the apps that it is done with. */
export async function listOutcomes(db: Db, operationId: string): Promise<Outcome[]> {
  return await stacks(db)
    .selectFrom('stacks_roll_app')
    .selectAll()
    .where('operation_id', '=', operationId)
    .orderBy('app')
    .execute()
}

import type { RuleSetWish } from '#contract/rule-set.ts'
import type { Db } from './store.ts'

const table = (db: Db) =>
  db.withTables<{
    network_rule_set: { only?: boolean; url: string | null; since: Date; by_name: string }
  }>()

/** The rules of others that the detectors should look for; null: none. */
export async function findRuleSet(db: Db): Promise<RuleSetWish | null> {
  const row = await table(db).selectFrom('network_rule_set').select('url').executeTakeFirst()
  return row === undefined ? null : { url: row.url }
}

/** Keeps which, and who said so. Hosts are told with the next state that is published. */
export async function setRuleSet(tx: Db, wish: RuleSetWish | null, at: Date, by: string): Promise<void> {
  await table(tx).deleteFrom('network_rule_set').execute()
  if (wish !== null)
    await table(tx).insertInto('network_rule_set').values({ url: wish.url, since: at, by_name: by }).execute()
}

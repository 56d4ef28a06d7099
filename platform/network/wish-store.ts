import { type Selectable, sql } from 'kysely'
import type { NetworkRule } from '#contract/network.ts'
import type { NetworkRuleView } from '#contract/network-api.ts'
import { type Db, ruleOf } from './store.ts'

interface WishTable {
  id: string
  app_id: string
  from_end: string
  to_end: string
  protocol: string
  ports: string[]
  reason: string
  until: Date | null
  asked_by: string
  asked_at: Date
}

/** Of a rule in force: only who asked for it. */
interface AskedRuleTable {
  id: string
  app_id: string | null
  from_end: string
  to_end: string
  protocol: string
  ports: string[]
  asked_by: string | null
}

const wishes = (db: Db) =>
  db.withTables<{
    network_wish: WishTable
    network_rule: AskedRuleTable
    network_approval: { only?: boolean; since: Date; by_name: string }
  }>()

const wishOf = (row: Selectable<WishTable>): NetworkRuleView => ({
  ...ruleOf({ ...row, approved_by: '', paused_until: null, built_in: false }),
  approvedBy: null,
  askedBy: row.asked_by,
})

/** Whether what an app's people ask for waits for an operator. */
export async function isApprovalNeeded(db: Db): Promise<boolean> {
  return (await wishes(db).selectFrom('network_approval').select('since').executeTakeFirst()) !== undefined
}

/** Keeps whether it does, and who said so. */
export async function setApprovalNeeded(tx: Db, needed: boolean, at: Date, by: string): Promise<void> {
  if (!needed) await wishes(tx).deleteFrom('network_approval').execute()
  else
    await wishes(tx)
      .insertInto('network_approval')
      .values({ since: at, by_name: by })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
}

/** Rules that wait for approval, the oldest first: all, or those of an app. */
export async function listWishes(db: Db, appId?: string): Promise<NetworkRuleView[]> {
  const all = wishes(db).selectFrom('network_wish').selectAll()
  const found = appId === undefined ? all : all.where('app_id', '=', appId)
  return (await found.orderBy('asked_at').orderBy('id').execute()).map(wishOf)
}

/** Notes what an app's people ask for. False where it is allowed or asked for already. */
export async function insertWish(tx: Db, rule: NetworkRule, appId: string, at: Date): Promise<boolean> {
  const same = await wishes(tx)
    .selectFrom('network_rule')
    .select('id')
    .where('from_end', '=', rule.from)
    .where('to_end', '=', rule.to)
    .where('protocol', '=', rule.protocol)
    .where('ports', '=', sql<string[]>`${rule.ports}::text[]`)
    .executeTakeFirst()
  if (same !== undefined) return false
  const { numInsertedOrUpdatedRows } = await wishes(tx)
    .insertInto('network_wish')
    .values({
      ...{ id: rule.id, app_id: appId, from_end: rule.from, to_end: rule.to, protocol: rule.protocol },
      ...{ ports: rule.ports, reason: rule.reason, asked_by: rule.approvedBy, asked_at: at },
      until: rule.until === null ? null : new Date(rule.until),
    })
    .onConflict((conflict) => conflict.columns(['from_end', 'to_end', 'protocol', 'ports']).doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** Takes a wish away; an app's people only one of their own. Undefined where there is none. */
export async function deleteWish(
  tx: Db,
  id: string,
  appId?: string,
): Promise<{ readonly wish: NetworkRuleView; readonly appId: string } | undefined> {
  const found = wishes(tx).deleteFrom('network_wish').where('id', '=', id)
  const own = appId === undefined ? found : found.where('app_id', '=', appId)
  const row = await own.returningAll().executeTakeFirst()
  return row && { wish: wishOf(row), appId: row.app_id }
}

/** What is allowed now nobody waits for any more. */
export async function forgetSameWish(tx: Db, rule: NetworkRule): Promise<void> {
  await wishes(tx)
    .deleteFrom('network_wish')
    .where('from_end', '=', rule.from)
    .where('to_end', '=', rule.to)
    .where('protocol', '=', rule.protocol)
    .where('ports', '=', sql<string[]>`${rule.ports}::text[]`)
    .execute()
}

/** Keeps who had asked for a rule that was approved. */
export async function setAsker(tx: Db, id: string, askedBy: string | null): Promise<void> {
  await wishes(tx).updateTable('network_rule').set({ asked_by: askedBy }).where('id', '=', id).execute()
}

/** Rules with who had asked for each, where another had to allow it. */
export async function withAskers(db: Db, rules: readonly NetworkRule[]): Promise<NetworkRuleView[]> {
  const rows = await wishes(db)
    .selectFrom('network_rule')
    .select(['id', 'asked_by'])
    .where('asked_by', 'is not', null)
    .execute()
  const askers = new Map(rows.map(({ id, asked_by }) => [id, asked_by]))
  return rules.map((rule) => ({ ...rule, askedBy: askers.get(rule.id) ?? null }))
}

import { NetworkRule } from '#contract/network.ts'
import type { RuleLife } from './notice-plan.ts'
import { type Db, type RuleTable, ruleOf } from './store.ts'

interface LifeTable extends RuleTable {
  used_on: Date
  warned: number
  proposed_at: Date | null
}
const lives = (db: Db) => db.withTables<{ network_rule: LifeTable }>()

/** People's rules with what has happened to them: all, or those of an app. */
export async function loadLives(db: Db, appId?: string): Promise<RuleLife[]> {
  const people = lives(db).selectFrom('network_rule').selectAll().where('built_in', '=', false)
  const all = people.orderBy('created_at').orderBy('id')
  const rows = await (appId === undefined ? all : all.where('app_id', '=', appId)).execute()
  return rows.map((row) => ({
    rule: NetworkRule.parse(ruleOf(row)),
    createdAt: row.created_at,
    ...{ usedOn: row.used_on, warned: row.warned, proposedAt: row.proposed_at },
  }))
}

/** Keeps that rules were used on a day. One that was proposed for removal no longer is. */
export async function markUsed(tx: Db, ids: readonly string[], day: Date): Promise<void> {
  if (ids.length === 0) return
  await lives(tx)
    .updateTable('network_rule')
    .set({ used_on: day, proposed_at: null })
    .where('id', 'in', ids)
    .where('used_on', '<', day)
    .execute()
}

/** Keeps how often its owner was warned of a rule's end. */
export async function setWarned(tx: Db, id: string, warned: number): Promise<void> {
  await lives(tx).updateTable('network_rule').set({ warned }).where('id', '=', id).execute()
}

/** Keeps when a rule was proposed for removal. */
export async function setProposed(tx: Db, id: string, at: Date): Promise<void> {
  await lives(tx).updateTable('network_rule').set({ proposed_at: at }).where('id', '=', id).execute()
}

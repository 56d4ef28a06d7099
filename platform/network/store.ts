import type { Generated, Selectable } from 'kysely'
import { LockDown, type NetworkPolicy, NetworkRule } from '#contract/network.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { EVERYBODY } from './askers.ts'
import { findRuleSet } from './rule-set-store.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']

export interface RuleTable {
  id: string
  app_id: string | null
  from_end: string
  to_end: string
  protocol: string
  ports: string[]
  reason: string
  approved_by: string
  until: Date | null
  paused_until: Generated<Date | null>
  /** Of what people set up elsewhere: it goes with that. */
  built_in: Generated<boolean>
  created_at: Generated<Date>
}

interface LockDownTable {
  only: Generated<boolean>
  since: Date
  by_name: string
  until: Date | null
}

const network = (db: Db) => db.withTables<{ network_rule: RuleTable; network_lock_down: LockDownTable }>()

type RuleRow = Omit<Selectable<RuleTable>, 'created_at'>
/** A row as a rule. */
export const ruleOf = (row: RuleRow): NetworkRule =>
  NetworkRule.parse({
    id: row.id,
    from: row.from_end,
    to: row.to_end,
    protocol: row.protocol,
    ports: row.ports,
    reason: row.reason,
    approvedBy: row.approved_by,
    until: row.until?.toISOString() ?? null,
    builtIn: row.built_in,
    ...(row.paused_until ? { pausedUntil: row.paused_until.toISOString() } : {}),
  })

/** What people have decided, also what has ended by itself and was not cleared away yet. */
export async function loadPolicy(db: Db): Promise<NetworkPolicy> {
  const rows = await network(db)
    .selectFrom('network_rule')
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  const ruleSet = await findRuleSet(db)
  return {
    ...{ rules: rows.map(ruleOf), lockDown: await findLockDown(db) },
    ...(ruleSet === null ? {} : { ruleSet }),
  }
}

/** The rules that are an app's own. */
export async function listRulesOfApp(db: Db, appId: string): Promise<NetworkRule[]> {
  const found = network(db).selectFrom('network_rule').selectAll().where('app_id', '=', appId)
  return (await found.orderBy('created_at').execute()).map(ruleOf)
}

/** The rules that people have made for every app alike. */
export async function listRulesOfApps(db: Db): Promise<NetworkRule[]> {
  const found = network(db).selectFrom('network_rule').selectAll().where('from_end', '=', EVERYBODY)
  return (await found.orderBy('created_at').orderBy('id').execute()).map(ruleOf)
}

/** Keeps everyone else from changing rules until the transaction ends: there is a limit to count. */
export async function lockRules(tx: Db): Promise<void> {
  await network(tx).selectFrom('network_rule').select('id').forUpdate().execute()
}

/** Adds a rule. False where there is the same already. */
export async function insertRule(tx: Db, rule: NetworkRule, appId: string | null): Promise<boolean> {
  const row = await network(tx)
    .insertInto('network_rule')
    .values({
      id: rule.id,
      app_id: appId,
      from_end: rule.from,
      to_end: rule.to,
      protocol: rule.protocol,
      ports: rule.ports,
      reason: rule.reason,
      approved_by: rule.approvedBy,
      until: rule.until === null ? null : new Date(rule.until),
      built_in: rule.builtIn,
    })
    .onConflict((conflict) => conflict.columns(['from_end', 'to_end', 'protocol', 'ports']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Takes a rule away; an app's people only one of their own. Undefined where there is none. */
export async function deleteRule(tx: Db, id: string, appId?: string): Promise<NetworkRule | undefined> {
  const found = network(tx).deleteFrom('network_rule').where('id', '=', id).where('built_in', '=', false)
  const own = appId === undefined ? found : found.where('app_id', '=', appId)
  const row = await own.returningAll().executeTakeFirst()
  return row && ruleOf({ ...row, paused_until: null })
}

/** Clears away what has ended before a time. */
export async function forgetEnded(tx: Db, before: Date): Promise<number> {
  const rows = await network(tx)
    .deleteFrom('network_rule')
    .where('until', '<', before)
    .returning('id')
    .execute()
  return rows.length
}

/** The lock-down that was asked for last, also when its trial is over. */
export async function findLockDown(db: Db): Promise<LockDown | null> {
  const row = await network(db).selectFrom('network_lock_down').selectAll().executeTakeFirst()
  if (row === undefined) return null
  const until = row.until?.toISOString() ?? null
  return LockDown.parse({ since: row.since.toISOString(), by: row.by_name, until })
}

/** Keeps a lock-down, or that there is none. */
export async function setLockDown(tx: Db, lockDown: LockDown | null): Promise<void> {
  await network(tx).deleteFrom('network_lock_down').execute()
  if (lockDown === null) return
  await network(tx)
    .insertInto('network_lock_down')
    .values({
      since: new Date(lockDown.since),
      by_name: lockDown.by,
      until: lockDown.until === null ? null : new Date(lockDown.until),
    })
    .execute()
}

/** Takes a rule back until a time. */
export async function pauseRule(tx: Db, id: string, until: Date): Promise<void> {
  await network(tx).updateTable('network_rule').set({ paused_until: until }).where('id', '=', id).execute()
}

/** Whether a rule stands for what people set up elsewhere, and goes with that. */
export async function isOwnRule(db: Db, id: string): Promise<boolean> {
  const found = network(db).selectFrom('network_rule').select('id').where('id', '=', id)
  return (await found.where('built_in', '=', true).executeTakeFirst()) !== undefined
}

/** Puts these in the place of all rules that the platform needs for what people set up elsewhere. */
export async function setOwnRules(tx: Db, rules: readonly NetworkRule[]): Promise<void> {
  await network(tx).deleteFrom('network_rule').where('built_in', '=', true).execute()
  for (const rule of rules) await insertRule(tx, { ...rule, builtIn: true }, null)
}

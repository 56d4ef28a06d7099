import { type Generated, sql } from 'kysely'
import { type ActResult, AUDIT_LIMITS } from '#contract/audit.ts'
import type { ActEnd, BegunAct } from '#runtime/server/audit.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { storableJson } from '#runtime/server/storable-json.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']

/** Rings when somebody began something, and when it ended. */
export const AUDIT_CHANGED = 'audit'

type Fields = Record<string, unknown>
interface ActTable {
  id: Generated<string>
  at: Generated<Date>
  kind: string
  who_id: string
  who: string
  source: string
  request_id: string
  action: string
  goals: Record<string, string>
  told: Fields
  ended_at: Date | null
  result: Exclude<ActResult, 'unknown'> | null
  code: string | null
  answer: Fields | null
}
const acts = (db: Db) => db.withTables<{ audit_act: ActTable }>()

const jsonb = <T>(value: T) => sql<T>`${storableJson(value)}::jsonb`
const text = (value: string) => value.replaceAll('\0', '').toWellFormed()

/** Adds a row; with its end where it has one already. */
export async function insertAct(tx: Db, act: BegunAct, end?: ActEnd & { at: Date }): Promise<number> {
  const { id } = await acts(tx)
    .insertInto('audit_act')
    .values({
      ...{ kind: act.who.kind, who_id: act.who.id, who: text(act.who.name) },
      ...{ source: act.source, request_id: act.requestId, action: act.action },
      ...{ goals: jsonb(act.goals), told: jsonb(act.told) },
      ...endColumns(end),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await notify(tx, AUDIT_CHANGED)
  return Number(id)
}

/** Says once what came of it. */
export async function endAct(tx: Db, id: number, end: ActEnd & { at: Date }): Promise<void> {
  await acts(tx)
    .updateTable('audit_act')
    .set(endColumns(end))
    .where('id', '=', String(id))
    .where('result', 'is', null)
    .execute()
  await notify(tx, AUDIT_CHANGED)
}

const endColumns = (end?: ActEnd & { at: Date }) => ({
  ended_at: end?.at ?? null,
  result: end?.result ?? null,
  code: end?.code ?? null,
  answer: end?.answer === undefined ? null : jsonb<Fields>(end.answer),
})

export interface ActQuery {
  readonly who?: string | undefined
  readonly action?: string | undefined
  readonly on?: string | undefined
  readonly result?: ActResult | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly before?: number | undefined
  readonly limit: number
}

/** The newest first. */
export async function listActs(db: Db, asked: ActQuery) {
  const { who, action, on, result, since, until, before, limit } = asked
  let query = acts(db).selectFrom('audit_act').selectAll()
  if (who !== undefined) query = query.where('who', '=', who)
  if (action !== undefined) query = query.where(sql<boolean>`starts_with(action, ${action})`)
  if (on !== undefined) query = query.where(isGoal(on))
  if (result === 'unknown') query = query.where('result', 'is', null)
  else if (result !== undefined) query = query.where('result', '=', result)
  if (since !== undefined) query = query.where('at', '>=', new Date(since))
  if (until !== undefined) query = query.where('at', '<', new Date(until))
  if (before !== undefined) query = query.where('id', '<', String(before))
  return await query.orderBy('id', 'desc').limit(limit).execute()
}

/** It was the goal, or is a value of what was said or answered. */
const isGoal = (on: string) =>
  sql<boolean>`exists (
    select from jsonb_each_text(goals || told || coalesce(answer, '{}'::jsonb)) as one
    where one.value = ${on} or one.value like ${`%"${on.replaceAll(/[\\%_]/g, '\\$&')}"%`})`

/** Forgets what is older than it is kept. */
export async function forgetActs(tx: Db, now: Date): Promise<number> {
  const before = new Date(now.getTime() - AUDIT_LIMITS.auditDays * 86_400_000 - 60_000)
  const { numDeletedRows } = await acts(tx)
    .deleteFrom('audit_act')
    .where('at', '<', before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

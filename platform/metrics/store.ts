import { type ColumnType, sql } from 'kysely'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { storableJson } from '#runtime/server/storable-json.ts'
import type { KnownCounters, TrafficStep, UsageStep } from './plan.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']

interface TrafficTable {
  app_id: string
  step_s: number
  at: Date
  answers: number
  client_errors: number
  server_errors: number
  timed: number
  wait_ms: number
}
interface UsageTable {
  app_id: string
  process: string
  index: number
  step_s: number
  at: Date
  memory_bytes: number
  cpu_ms: number
  span_ms: number
}
type Tables = {
  metrics_sample: { host: string; at: Date; counters: ColumnType<KnownCounters, string, string> }
  metrics_traffic: TrafficTable
  metrics_usage: UsageTable
}

const metrics = (db: Db) => db.withTables<Tables>()

/** The host's counters as last read; nobody else compares with them until the transaction ends. */
export async function lockKnown(tx: Db, host: string): Promise<KnownCounters | undefined> {
  const row = await metrics(tx)
    .selectFrom('metrics_sample')
    .select('counters')
    .where('host', '=', host)
    .forUpdate()
    .executeTakeFirst()
  return row?.counters
}

export async function saveKnown(tx: Db, host: string, known: KnownCounters): Promise<void> {
  const row = { at: new Date(known.at), counters: storableJson(known) }
  await metrics(tx)
    .insertInto('metrics_sample')
    .values({ host, ...row })
    .onConflict((conflict) => conflict.column('host').doUpdateSet(row))
    .execute()
}

/** Adds to the step: two readings, or two hosts, may have counted in one. All rows travel in one statement. */
export async function addTraffic(
  tx: Db,
  stepS: number,
  at: Date,
  steps: readonly TrafficStep[],
): Promise<void> {
  if (steps.length === 0) return
  const column = (name: Exclude<keyof TrafficStep, 'appId'>) => steps.map((step) => step[name])
  await sql`insert into metrics_traffic as have
      (app_id, step_s, at, answers, client_errors, server_errors, timed, wait_ms)
    select app_id, ${stepS}::int, ${at}::timestamptz, answers, client_errors, server_errors, timed, wait_ms
    from unnest(${steps.map(({ appId }) => appId)}::text[], ${column('answers')}::bigint[],
      ${column('clientErrors')}::bigint[], ${column('serverErrors')}::bigint[], ${column('timed')}::bigint[],
      ${column('waitMs')}::float8[]) as new (app_id, answers, client_errors, server_errors, timed, wait_ms)
    on conflict (app_id, step_s, at) do update set
      answers = have.answers + excluded.answers,
      client_errors = have.client_errors + excluded.client_errors,
      server_errors = have.server_errors + excluded.server_errors,
      timed = have.timed + excluded.timed,
      wait_ms = have.wait_ms + excluded.wait_ms`.execute(tx)
}

/** As addTraffic; of two readings in one step the higher memory counts. */
export async function addUsage(tx: Db, stepS: number, at: Date, steps: readonly UsageStep[]): Promise<void> {
  if (steps.length === 0) return
  const column = <K extends keyof UsageStep>(name: K) => steps.map((step) => step[name])
  await sql`insert into metrics_usage as have
      (app_id, process, index, step_s, at, memory_bytes, cpu_ms, span_ms)
    select app_id, process, index, ${stepS}::int, ${at}::timestamptz, memory_bytes, cpu_ms, span_ms
    from unnest(${column('appId')}::text[], ${column('process')}::text[], ${column('index')}::int[],
      ${column('memoryBytes')}::bigint[], ${column('cpuMs')}::float8[], ${column('spanMs')}::float8[])
      as new (app_id, process, index, memory_bytes, cpu_ms, span_ms)
    on conflict (app_id, step_s, at, process, index) do update set
      memory_bytes = greatest(have.memory_bytes, excluded.memory_bytes),
      cpu_ms = have.cpu_ms + excluded.cpu_ms,
      span_ms = have.span_ms + excluded.span_ms`.execute(tx)
}

/** The begin of the newest step of a length, of any app. */
export async function newestStep(db: Db, stepS: number): Promise<Date | undefined> {
  const row = await metrics(db)
    .selectFrom('metrics_usage')
    .select((one) => one.fn.max('at').as('at'))
    .where('step_s', '=', stepS)
    .executeTakeFirst()
  const other = await metrics(db)
    .selectFrom('metrics_traffic')
    .select((one) => one.fn.max('at').as('at'))
    .where('step_s', '=', stepS)
    .executeTakeFirst()
  const times = [row?.at, other?.at].flatMap((at) => (at ? [at.getTime()] : []))
  return times.length === 0 ? undefined : new Date(Math.max(...times))
}

/** Sums shorter steps up to longer ones, from a time on. Those that are there already are made anew. */
export async function rollUp(
  tx: Db,
  steps: { readonly fromS: number; readonly toS: number },
  since: Date,
): Promise<void> {
  const step = sql`date_bin(make_interval(secs => ${steps.toS}), at, 'epoch')`
  await sql`insert into metrics_traffic (app_id, step_s, at, answers, client_errors, server_errors, timed, wait_ms)
    select app_id, ${steps.toS}::int, ${step}, sum(answers), sum(client_errors), sum(server_errors), sum(timed),
      sum(wait_ms)
    from metrics_traffic where step_s = ${steps.fromS} and at >= ${since} group by app_id, 3
    on conflict (app_id, step_s, at) do update set
      answers = excluded.answers, client_errors = excluded.client_errors,
      server_errors = excluded.server_errors, timed = excluded.timed, wait_ms = excluded.wait_ms`.execute(tx)
  await sql`insert into metrics_usage (app_id, process, index, step_s, at, memory_bytes, cpu_ms, span_ms)
    select app_id, process, index, ${steps.toS}::int, ${step}, max(memory_bytes), sum(cpu_ms), sum(span_ms)
    from metrics_usage where step_s = ${steps.fromS} and at >= ${since} group by app_id, process, index, 5
    on conflict (app_id, step_s, at, process, index) do update set
      memory_bytes = excluded.memory_bytes, cpu_ms = excluded.cpu_ms, span_ms = excluded.span_ms`.execute(tx)
}

/** Gives up the steps of a length that began before a time. */
export async function forgetSteps(tx: Db, stepS: number, before: Date): Promise<void> {
  for (const table of ['metrics_traffic', 'metrics_usage'] as const) {
    await metrics(tx).deleteFrom(table).where('step_s', '=', stepS).where('at', '<', before).execute()
  }
}

/** Gives up everything about an app that is destroyed. */
export async function forgetFigures(tx: Db, appId: string): Promise<void> {
  await metrics(tx).deleteFrom('metrics_traffic').where('app_id', '=', appId).execute()
  await metrics(tx).deleteFrom('metrics_usage').where('app_id', '=', appId).execute()
}

/** An app's steps of one length, oldest first. */
export async function loadSteps(db: Db, appId: string, stepS: number, since: Date) {
  const traffic = await metrics(db)
    .selectFrom('metrics_traffic')
    .selectAll()
    .where('app_id', '=', appId)
    .where('step_s', '=', stepS)
    .where('at', '>=', since)
    .orderBy('at')
    .execute()
  const usage = await metrics(db)
    .selectFrom('metrics_usage')
    .selectAll()
    .where('app_id', '=', appId)
    .where('step_s', '=', stepS)
    .where('at', '>=', since)
    .orderBy('process')
    .orderBy('index')
    .orderBy('at')
    .execute()
  return { traffic, usage }
}
export type Steps = Awaited<ReturnType<typeof loadSteps>>

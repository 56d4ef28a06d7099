import type { ColumnType } from 'kysely'
import type { HostReport } from '#contract/agent.ts'
import type { HostName } from '#contract/ids.ts'
import { listHosts, noteReport } from '#platform/fleet/index.ts'
import { databaseNow, onOwnClock } from '#runtime/server/database-clock.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { storableJson } from '#runtime/server/storable-json.ts'
import { describeRefusal } from './generation-step.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']

type Tables = {
  workload_generation: { only: boolean; generation: number }
  workload_refusal: { host: string; generation: number; since: Date }
  workload_report: { host: string; report: ColumnType<HostReport, string, string>; received_at: Date }
}

/** Rings when the wanted workload has changed. */
export const WANTED = 'workload.wanted'
/** Rings when a host has reported. */
export const REPORTED = 'workload.reported'

const workload = (db: Db) => db.withTables<Tables>()

/**
 * Makes what the transaction wrote the wanted state: call it last in every transaction that changes instances.
 * Gives the generation to wait for.
 */
export async function publish(tx: Db): Promise<number> {
  const { generation } = await workload(tx)
    .updateTable('workload_generation')
    .set((set) => ({ generation: set('generation', '+', 1) }))
    .returning('generation')
    .executeTakeFirstOrThrow()
  await notify(tx, WANTED)
  return generation
}

/** The generation that is wanted now. */
export async function wantedGeneration(db: Db): Promise<number> {
  const row = await workload(db)
    .selectFrom('workload_generation')
    .select('generation')
    .executeTakeFirstOrThrow()
  return row.generation
}

/** Moves past a generation that a host already has: so it goes on after this database was restored from a backup. */
export async function moveGenerationPast(tx: Db, generation: number): Promise<void> {
  await workload(tx)
    .updateTable('workload_generation')
    .set({ generation: generation + 1 })
    .where('generation', '<=', generation)
    .execute()
}

/** Keeps that a host refuses what is wanted, and what it says it has; false where that is known. */
export async function noteRefusal(db: Db, host: HostName, generation: number, since: Date): Promise<boolean> {
  const added = await workload(db)
    .insertInto('workload_refusal')
    .values({ host, generation, since })
    .onConflict((conflict) => conflict.column('host').doNothing())
    .returning('host')
    .executeTakeFirst()
  return added !== undefined
}

/** A host takes what is wanted. */
export async function forgetRefusal(db: Db, host: HostName): Promise<void> {
  await workload(db).deleteFrom('workload_refusal').where('host', '=', host).execute()
}

/** The hosts that refuse what is wanted, with a sentence about each. */
export async function listRefusals(db: Db): Promise<Array<{ host: string; problem: string }>> {
  const rows = await workload(db).selectFrom('workload_refusal').selectAll().orderBy('host').execute()
  return rows.map(({ host, generation }) => ({ host, problem: describeRefusal(generation) }))
}

/** Keeps a host's latest report and wakes who waits for it. */
export async function saveReport(tx: Db, host: HostName, report: HostReport): Promise<void> {
  const row = { report: storableJson(report), received_at: databaseNow }
  await workload(tx)
    .insertInto('workload_report')
    .values({ host, ...row })
    .onConflict((conflict) => conflict.column('host').doUpdateSet(row))
    .execute()
  await noteReport(tx, host, report)
  await notify(tx, REPORTED)
}

export interface ReceivedReport {
  readonly report: HostReport
  /** By the clock of whoever reads it. */
  readonly receivedAt: Date
  /** By the database's clock: so one report is told from the next, whatever happens to the own one. */
  readonly notedAt: Date
}

const READ = ['host', 'report', 'received_at', databaseNow.as('asked_at')] as const

const toReceived = (row: { report: HostReport; received_at: Date; asked_at: Date }): ReceivedReport => ({
  report: row.report,
  receivedAt: onOwnClock(row.received_at, row.asked_at),
  notedAt: row.received_at,
})

/** The latest report of a host; undefined before the first. */
export async function latestReport(db: Db, host: HostName): Promise<ReceivedReport | undefined> {
  const row = await workload(db)
    .selectFrom('workload_report')
    .select(READ)
    .where('host', '=', host)
    .executeTakeFirst()
  return row && toReceived(row)
}

/** Forgets what was heard of hosts that are not there any more: another host may get one of their names. */
export async function keepHeardOf(db: Db, hosts: readonly HostName[]): Promise<void> {
  if (hosts.length === 0) return
  for (const table of ['workload_report', 'workload_refusal'] as const)
    await workload(db).deleteFrom(table).where('host', 'not in', hosts).execute()
}

/** The latest report of every host of the installation that has one. */
export type HostReports = ReadonlyMap<string, ReceivedReport>

export async function loadReports(db: Db): Promise<HostReports> {
  const names = new Set((await listHosts(db)).map(({ name }): string => name))
  const rows = await workload(db).selectFrom('workload_report').select(READ).execute()
  // A host that was removed is asked for nothing, whatever it said last.
  return new Map(rows.filter(({ host }) => names.has(host)).map((row) => [row.host, toReceived(row)]))
}

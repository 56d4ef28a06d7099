import { type ColumnType, type Generated, type Selectable, sql } from 'kysely'
import type { Evidence } from '#contract/trust.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']
type Json<T> = ColumnType<T, string, never>

interface EvidenceTable {
  id: Generated<number>
  source: Evidence['source']
  name: string
  promises: Evidence['promises']
  at: Date
  passed: boolean
  summary: string
  facts: Json<Evidence['facts']>
  duration_ms: number
  valid_s: number
}
type Tables = {
  trust_evidence: EvidenceTable
  trust_latest: { name: string; evidence_id: number }
}
const trust = (db: Db) => db.withTables<Tables>()

/** Adds a piece of evidence. Of two with one name, the later one counts, whichever is recorded first. */
export async function insertEvidence(tx: Db, evidence: Evidence): Promise<number> {
  const { id } = await trust(tx)
    .insertInto('trust_evidence')
    .values({
      source: evidence.source,
      name: evidence.name,
      promises: evidence.promises,
      at: new Date(evidence.at),
      passed: evidence.passed,
      summary: evidence.summary,
      facts: JSON.stringify(evidence.facts),
      duration_ms: evidence.durationMs,
      valid_s: evidence.validS,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await sql`insert into trust_latest (name, evidence_id) values (${evidence.name}, ${id})
    on conflict (name) do update set evidence_id = excluded.evidence_id
    where (select at from trust_evidence where id = trust_latest.evidence_id)
      <= (select at from trust_evidence where id = excluded.evidence_id)`.execute(tx)
  return id
}

/** The latest evidence of each name, in the order of the names. */
export async function latestEvidence(db: Db): Promise<Evidence[]> {
  const rows = await trust(db)
    .selectFrom('trust_latest')
    .innerJoin('trust_evidence', 'trust_evidence.id', 'trust_latest.evidence_id')
    .selectAll('trust_evidence')
    .orderBy('trust_evidence.name')
    .execute()
  return rows.map(toEvidence)
}

/** Removes what is older, except the latest of each name: it is shown until there is something newer. */
export async function removeOldEvidence(db: Db, before: Date): Promise<number> {
  const { numDeletedRows } = await trust(db)
    .deleteFrom('trust_evidence')
    .where('at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('trust_latest')
            .select('name')
            .whereRef('trust_latest.evidence_id', '=', 'trust_evidence.id'),
        ),
      ),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

const toEvidence = (row: Selectable<EvidenceTable>): Evidence => ({
  source: row.source,
  name: row.name,
  promises: row.promises,
  at: row.at.toISOString(),
  passed: row.passed,
  summary: row.summary,
  facts: row.facts,
  durationMs: row.duration_ms,
  validS: row.valid_s,
})

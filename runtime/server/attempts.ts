import { type Kysely, sql } from 'kysely'
import { rateLimited } from './rate-limit.ts'
import { read } from './transact.ts'

/** Attempts at a secret (sign-in, set-up) that one source address has each minute, at all control planes together. */
export const ATTEMPTS_PER_MINUTE = 20

export interface Attempts {
  /** Takes one attempt of a source; throws `rate_limited` when it has none left. */
  take(source: string): Promise<void>
  /** Forgets sources that have all their attempts again. */
  sweep(): Promise<void>
}

/** A token bucket for each source, kept in the database: whoever guesses is slow, however many control planes there are. */
// biome-ignore lint/complexity/noBannedTypes: the one table is this file's own
export function makeAttempts(db: Kysely<{}>): Attempts {
  return {
    async take(source) {
      const taken = await read(() => takeOne(source).execute(db))
      if (taken.rows.length === 0) throw rateLimited(ATTEMPTS_PER_MINUTE, 0)
    },
    async sweep() {
      await sql`delete from server_attempts where at < clock_timestamp() - interval '1 minute'`.execute(db)
    },
  }
}

/** Answers with a row when there was an attempt to take. */
function takeOne(source: string) {
  const perMinute = sql`${ATTEMPTS_PER_MINUTE}::float8`
  const left = sql`least(${perMinute},
    mine.remaining + ${perMinute} / 60 * extract(epoch from clock_timestamp() - mine.at)::float8)`
  return sql`
    insert into server_attempts as mine (source, remaining) values (${source}, ${perMinute} - 1)
    on conflict (source) do update set remaining = ${left} - 1, at = clock_timestamp() where ${left} >= 1
    returning source`
}

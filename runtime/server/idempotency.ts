import { createHash, randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { MaruError } from '#contract/errors.ts'
import { read } from './transact.ts'

type IdempotencyTables = {
  server_idempotency: {
    principal: string
    route: string
    key: string
    body_hash: Buffer
    status: number | null
    answer: string | null
    started_at: Date
    claim: string | null
    process: string | null
  }
}
type Database = Kysely<IdempotencyTables>

/** One request under a key. `content` is everything that makes it this request: path, query and body. */
export interface KeyedRequest {
  readonly principal: string
  readonly route: string
  readonly key: string
  readonly content: string
}

export interface KeyedAnswer {
  readonly status: number
  readonly body: string
}

export interface Idempotency {
  /** Runs `work` once for a key; the same request again gets the answer that was kept. */
  once(request: KeyedRequest, work: () => Promise<KeyedAnswer>): Promise<KeyedAnswer & { replayed: boolean }>
  /** Forgets answers older than a day. */
  sweep(): Promise<void>
}

const KEEP_HOURS = 24
/** How long a second request waits for the first one's answer. */
const WAIT_MS = 10_000
const POLL_MS = 100
/** No request takes that long: what is still open then was lost with its connection. */
const LOST_AFTER_S = 120

/**
 * Keeps answers in the database, so that they outlive this process and any control plane gives them. A request that was
 * under way is forgotten with its process.
 */
// biome-ignore lint/complexity/noBannedTypes: this is where the tables are named
export function makeIdempotency(database: Kysely<{}>, process: string): Idempotency {
  const db = database.withTables<IdempotencyTables>()
  return {
    async once(request, work) {
      const attempt = randomUUID()
      while (!(await claim(db, request, attempt, process))) {
        const answer = await answerOfOther(db, request)
        if (answer) return { ...answer, replayed: true }
      }
      let answer: KeyedAnswer | undefined
      try {
        answer = await work()
        return { ...answer, replayed: false }
      } finally {
        // A failure is not kept: the same key may be tried again once its reason is gone.
        await finish(db, request, attempt, answer)
      }
    },
    async sweep() {
      await sql`delete from server_idempotency
        where started_at < now() - make_interval(hours => ${KEEP_HOURS})`.execute(db)
    },
  }
}

/** One text for a keyed request, to be stored with what it made: so that it is found again whatever became of the answer. */
export const keyHash = (request: KeyedRequest | undefined): string | undefined =>
  request && hashOf(JSON.stringify(request)).toString('base64url')

const hashOf = (content: string) => createHash('sha256').update(content).digest()
const idOf = ({ principal, route, key }: KeyedRequest) => ({ principal, route, key })

/** True when this attempt holds the key; asking twice, because an answer was lost, is the same as asking once. */
async function claim(
  db: Database,
  request: KeyedRequest,
  attempt: string,
  process: string,
): Promise<boolean> {
  // The database's clock: those of two hosts are not compared.
  const mine = { body_hash: hashOf(request.content), started_at: sql<Date>`now()`, claim: attempt, process }
  const lostBefore = sql<Date>`now() - make_interval(secs => ${LOST_AFTER_S})`
  const claimed = await read(() =>
    db
      .insertInto('server_idempotency')
      .values({ ...idOf(request), ...mine, status: null, answer: null })
      .onConflict((conflict) =>
        conflict
          .columns(['principal', 'route', 'key'])
          .doUpdateSet(mine)
          .where('server_idempotency.status', 'is', null)
          .where((is) =>
            is.or([
              is('server_idempotency.claim', '=', attempt),
              is('server_idempotency.started_at', '<', lostBefore),
            ]),
          ),
      )
      .returning('key')
      .executeTakeFirst(),
  )
  return claimed !== undefined
}

/** Keeps the answer, or frees the key where there is none. */
async function finish(
  db: Database,
  request: KeyedRequest,
  attempt: string,
  answer: KeyedAnswer | undefined,
): Promise<void> {
  // Only while the key is still this attempt's: one that took far too long has lost it to another.
  const mine = { ...idOf(request), claim: attempt }
  const keep = ({ status, body }: KeyedAnswer) =>
    db
      .updateTable('server_idempotency')
      .set({ status, answer: body })
      .where((is) => is.and(mine))
      .execute()
  const free = () =>
    db
      .deleteFrom('server_idempotency')
      .where((is) => is.and(mine))
      .execute()
  await read<unknown>(() => (answer ? keep(answer) : free()))
}

/** The answer of the request that has the key; undefined when it failed and the key is free again. */
async function answerOfOther(db: Database, request: KeyedRequest): Promise<KeyedAnswer | undefined> {
  const giveUpAt = performance.now() + WAIT_MS
  while (performance.now() < giveUpAt) {
    const row = await read(() =>
      db
        .selectFrom('server_idempotency')
        .selectAll()
        .where((is) => is.and(idOf(request)))
        .executeTakeFirst(),
    )
    if (row === undefined) return undefined
    if (!row.body_hash.equals(hashOf(request.content)))
      throw new MaruError('idempotency_conflict', { key: request.key })
    if (row.status !== null && row.answer !== null) return { status: row.status, body: row.answer }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new MaruError('idempotency_busy', { key: request.key })
}

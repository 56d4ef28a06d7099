import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import { pause } from '#runtime/kit/pause.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import { makePool } from './database.ts'
import { hurryJobs, type JobHandlers, jobs } from './jobs.ts'
import { notify, startHub } from './notify.ts'
import { forget, register } from './process-store.ts'
import { makeTestDatabase, silent, type TestDatabase } from './test-database.ts'
import { makeTestWay } from './test-way.ts'
import { transact } from './transact.ts'
import { startWorker } from './worker.ts'

let database: TestDatabase

before(async () => {
  database = await makeTestDatabase()
})
after(async () => {
  await database.close()
})

/** A worker with a pool of its own, of a process that the others know, as the control plane has it. */
async function start(handlers: JobHandlers, connection = database.connection) {
  const pool = makePool(connection, silent, 4)
  const id = randomId('control')
  await register(pool, { id, place: id, version: '0' })
  const worker = startWorker(pool, id, handlers, silent)
  return {
    id,
    async stop() {
      await worker.stop()
      await forget(pool, id)
      await pool.end()
    },
  }
}

async function eventually<T>(
  read: () => Promise<T> | T,
  good: (value: T) => boolean,
  ms = 15_000,
): Promise<T> {
  const giveUpAt = Date.now() + ms
  for (;;) {
    const value = await read()
    if (good(value)) return value
    if (Date.now() > giveUpAt) assert.fail(`still ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const pendingJobs = async () =>
  (await sql<{ n: number }>`select count(*) as n from graphile_worker.jobs`.execute(database.db)).rows[0]?.n

test('a job exists exactly when its transaction commits', async () => {
  const seen: unknown[] = []
  const worker = await start({
    'try.note': async (payload) => {
      seen.push(payload)
    },
  })
  const undone = transact(database.db, async (tx) => {
    await jobs.add(tx, 'try.note', { n: 1 })
    throw new Error('undone')
  })
  await assert.rejects(undone, /undone/)
  await transact(database.db, (tx) => jobs.add(tx, 'try.note', { n: 2 }))
  await eventually(pendingJobs, (left) => left === 0)
  await worker.stop()
  assert.deepEqual(seen, [{ n: 2 }])
})

test('a job that was running when the control plane stopped runs again at once', async () => {
  let runs = 0
  const handlers = {
    'try.long': async (_payload: unknown, signal: AbortSignal) => {
      runs += 1
      if (runs > 1) return
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
  }
  const first = await start(handlers)
  await jobs.add(database.db, 'try.long', {}, { maxAttempts: 1 })
  await eventually(
    () => runs,
    (n) => n === 1,
  )
  await first.stop()
  const second = await start(handlers)
  // Within a few seconds, although an ordinary retry would wait longer and this job has one attempt only.
  await eventually(pendingJobs, (left) => left === 0, 5_000)
  await second.stop()
  assert.equal(runs, 2)
})

test('a job whose worker died without a word is taken over at the next start', async () => {
  let runs = 0
  await jobs.add(database.db, 'try.orphan', {}, { queue: 'one' })
  // What kill -9 leaves behind: locks of a worker that nobody will ever release.
  const client = new pg.Client(database.admin)
  await client.connect()
  await client.query(
    `update graphile_worker._private_jobs set locked_by = 'dead', locked_at = now(), attempts = 1`,
  )
  await client.query(`update graphile_worker._private_job_queues set locked_by = 'dead', locked_at = now()`)
  await client.end()
  const worker = await start({
    'try.orphan': async () => {
      runs += 1
    },
  })
  await eventually(pendingJobs, (left) => left === 0, 5_000)
  await worker.stop()
  assert.equal(runs, 1)
})

test('the worker and the hub come back after every connection was cut', async () => {
  const seen: unknown[] = []
  const hub = startHub(database.connection, silent)
  const worker = await start({
    'try.after': async (payload) => {
      seen.push(payload)
    },
  })
  await jobs.add(database.db, 'try.after', { n: 1 })
  await eventually(
    () => seen.length,
    (n) => n === 1,
  )
  const client = new pg.Client(database.admin)
  await client.connect()
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  await client.end()
  await transact(database.db, (tx) => jobs.add(tx, 'try.after', { n: 2 }))
  await eventually(
    () => seen.length,
    (n) => n === 2,
  )
  const heard: string[] = []
  const stop = hub.subscribe('news', (payload) => heard.push(payload))
  await eventually(
    async () => {
      await notify(database.db, 'news', 'again')
      return heard.includes('again')
    },
    (yes) => yes,
  )
  stop()
  await worker.stop()
  await hub.close()
})

test('a job that ends while the database is away has run once, and its worker takes the next one', async () => {
  const { host = '', port = 0 } = database.connection
  const way = await makeTestWay({ host, port })
  const away = Promise.withResolvers<void>()
  const runs: unknown[] = []
  const handlers = {
    'try.outage': async (payload: unknown) => {
      runs.push(payload)
      await away.promise
    },
    'try.outage_fails': async (payload: unknown) => {
      runs.push(payload)
      await away.promise
      if (runs.length === 2) throw new Error('tried in vain')
    },
  }
  const worker = await start(handlers, { ...database.connection, ...way.at })
  await jobs.add(database.db, 'try.outage', { n: 1 }, { queue: 'outage' })
  await eventually(
    () => runs.length,
    (n) => n === 1,
  )
  await jobs.add(database.db, 'try.outage_fails', { n: 2 })
  await eventually(
    () => runs.length,
    (n) => n === 2,
  )
  await way.cut()
  // Both write down that they are over now, where nobody answers.
  away.resolve()
  await pause(1_500)
  await way.heal()
  await eventually(pendingJobs, (left) => left === 0)
  await jobs.add(database.db, 'try.outage', { n: 3 }, { queue: 'outage' })
  await eventually(pendingJobs, (left) => left === 0)
  await worker.stop()
  await way.cut()
  assert.deepEqual(runs, [{ n: 1 }, { n: 2 }, { n: 2 }, { n: 3 }])
})

test('a job of a process that lives is left alone by the others, however long it takes', async () => {
  const begun: string[] = []
  const end = Promise.withResolvers<void>()
  const handlersOf = (name: string) => ({
    'try.alive': async () => {
      begun.push(name)
      await end.promise
    },
  })
  const first = await start(handlersOf('first'))
  await jobs.add(database.db, 'try.alive', {})
  await eventually(
    () => begun.length,
    (n) => n === 1,
  )
  // Its start, and its first rounds, are when another would take what is nobody's.
  const second = await start(handlersOf('second'))
  await pause(6_000)
  end.resolve()
  await eventually(pendingJobs, (left) => left === 0)
  await Promise.all([first.stop(), second.stop()])
  assert.deepEqual(begun, ['first'])
})

test('a bell remembers a ring between two waits and hears only its own channel', async () => {
  const hub = startHub(database.connection, silent)
  const other = hub.bell('other')
  const bell = hub.bell('mine')
  await eventually(
    async () => {
      await notify(database.db, 'mine')
      return await bell.wait(50)
    },
    (rung) => rung,
  )
  await other.wait(0)
  await notify(database.db, 'mine')
  assert.equal(await bell.wait(5_000), true)
  assert.equal(await other.wait(100), false)
  bell.close()
  other.close()
  await hub.close()
})

test('a notification of a transaction that is undone is never heard', async () => {
  const hub = startHub(database.connection, silent)
  const heard: string[] = []
  hub.subscribe('undone', (payload) => heard.push(payload))
  const undone = transact(database.db, async (tx) => {
    await notify(tx, 'undone', 'never')
    throw new Error('undone')
  })
  await assert.rejects(undone, /undone/)
  await eventually(
    async () => {
      await notify(database.db, 'undone', 'after')
      return heard.includes('after')
    },
    (yes) => yes,
  )
  assert.ok(!heard.includes('never'))
  await hub.close()
})

test('a job that waits hours for its next attempt, or has none left, can be hurried', async () => {
  await sql`select graphile_worker.add_job('try.later'), graphile_worker.add_job('try.other')`.execute(
    database.db,
  )
  await sql`select graphile_worker.reschedule_jobs(array_agg(id), run_at := now() + interval '5 hours', attempts := 25)
    from graphile_worker.jobs`.execute(database.db)
  await hurryJobs(database.db, 'try.later')
  const { rows } = await sql<{ name: string; soon: boolean }>`
    select task_identifier as name, run_at <= now() and attempts < max_attempts as soon
    from graphile_worker.jobs order by 1`.execute(database.db)
  assert.deepEqual(rows, [
    { name: 'try.later', soon: true },
    { name: 'try.other', soon: false },
  ])
  await sql`select graphile_worker.complete_jobs(array_agg(id)) from graphile_worker.jobs`.execute(
    database.db,
  )
})

test('planning a sweep again leaves its time alone', async () => {
  const at = new Date(Date.now() + 60_000)
  const add = (runAt: Date) =>
    jobs.add(database.db, 'try.sweep', {}, { key: 'try.sweep', runAt, keepTime: true })
  await add(at)
  await add(new Date(Date.now() + 3600_000))
  const { rows } = await sql<{ run_at: Date }>`select run_at from graphile_worker.jobs`.execute(database.db)
  assert.deepEqual(
    rows.map((row) => row.run_at.getTime()),
    [at.getTime()],
  )
  await sql`select graphile_worker.complete_jobs(array_agg(id)) from graphile_worker.jobs`.execute(
    database.db,
  )
})

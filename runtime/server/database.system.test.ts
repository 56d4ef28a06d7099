import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { MaruError } from '#contract/errors.ts'
import { until } from '#runtime/agent/test-host.ts'
import { makePool } from './database.ts'
import { makeTestDatabase, silent, type TestDatabase } from './test-database.ts'
import { transact, transactRepeatable } from './transact.ts'

let database: TestDatabase

before(async () => {
  database = await makeTestDatabase()
})
after(async () => {
  await database.close()
})

/** Cuts every connection of the control plane, as a failover does. */
const cutAll = () =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(database.db)

test('a transaction that lost its connection before commit runs again and happens once', async () => {
  await sql`create table try_once (n int)`.execute(database.db)
  let runs = 0
  await transact(database.db, async (tx) => {
    runs += 1
    await sql`insert into try_once values (1)`.execute(tx)
    if (runs === 1) await cutAll()
    await sql`select 1`.execute(tx)
  })
  const { rows } = await sql<{ count: number }>`select count(*) from try_once`.execute(database.db)
  assert.equal(runs, 2)
  assert.equal(rows[0]?.count, 1)
})

/** A table whose rows end the connection as they are committed, as a failover does; the first `times` of them. */
async function makeDeadlyTable(name: string, times: number): Promise<void> {
  const deaths = sql.ref(`${name}_deaths`)
  await sql`create table ${sql.table(name)} (n int)`.execute(database.db)
  await sql`create sequence ${deaths}`.execute(database.db)
  await sql`create function ${sql.ref(`${name}_die`)}() returns trigger language plpgsql as ${sql.lit(`
    begin
      if nextval('${name}_deaths') <= ${times} then perform pg_terminate_backend(pg_backend_pid()); end if;
      return null;
    end`)}`.execute(database.db)
  await sql`create constraint trigger at_commit after insert on ${sql.table(name)}
    deferrable initially deferred for each row execute function ${sql.ref(`${name}_die`)}()`.execute(
    database.db,
  )
}

test('a lost answer to COMMIT is reported and never run again', async () => {
  await makeDeadlyTable('slow_commit', 1)
  let runs = 0
  const attempt = transact(database.db, async (tx) => {
    runs += 1
    await sql`insert into slow_commit values (1)`.execute(tx)
  })
  await assert.rejects(
    attempt,
    (error) => error instanceof MaruError && error.code === 'database_unavailable',
  )
  assert.equal(runs, 1)
})

test('what may be done twice is run again when the answer to COMMIT is lost', async () => {
  await makeDeadlyTable('deadly_commit', 2)
  let runs = 0
  await transactRepeatable(database.db, async (tx) => {
    runs += 1
    await sql`insert into deadly_commit values (1)`.execute(tx)
  })
  assert.equal(runs, 3)
  const { rows } = await sql<{ n: number }>`select n from deadly_commit`.execute(database.db)
  assert.deepEqual(rows, [{ n: 1 }])
})

test('a connection that turned out read-only is not handed out again', async () => {
  const pid = async () =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database.db)).rows[0]?.pid
  await sql`create table written (n int)`.execute(database.db)
  await sql`set default_transaction_read_only = on`.execute(database.db)
  const spoilt = await pid()
  await assert.rejects(sql`insert into written values (1)`.execute(database.db), { code: '25006' })
  assert.notEqual(await pid(), spoilt)
  await sql`insert into written values (1)`.execute(database.db)
})

test('of many who wait at once two at a time get a connection of their own, short ones share, and all are answered', async () => {
  const pool = makePool(database.connection, silent)
  pool.on('error', () => undefined)
  const ask = (seconds: number) =>
    Array.from({ length: 10 }, () => pool.query('select pg_sleep($1)', [seconds]))
  const short = ask(0)
  assert.equal(pool.totalCount, 2)
  await Promise.all(short)
  const opened = pool.totalCount
  assert.ok(opened < 10, `${opened} connections for ten short questions`)
  await Promise.all(ask(1))
  assert.equal(pool.totalCount, 10)
  await cutAll()
  await until('the loss to be noticed', async () => pool.totalCount === 0)
  const again = ask(0)
  assert.equal(pool.totalCount, 2)
  await Promise.all(again)
  await pool.end()
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { MaruError } from '#contract/errors.ts'
import { pause } from '#runtime/kit/pause.ts'
import { ATTEMPTS_PER_MINUTE, makeAttempts } from './attempts.ts'
import { makePool } from './database.ts'
import { isConnectionError } from './database-errors.ts'
import { makeIdempotency } from './idempotency.ts'
import { startHub } from './notify.ts'
import { openPresence } from './presence.ts'
import { makeTestDatabase, silent, type TestDatabase } from './test-database.ts'
import { makeTestWay } from './test-way.ts'

let database: TestDatabase

before(async () => {
  database = await makeTestDatabase()
  await sql`create table note (text text)`.execute(database.db)
})
after(async () => {
  await database.close()
})

/** A process with a pool, as far as this is about being one of several. */
async function open(place: string, connection = database.connection) {
  const hub = startHub(connection, silent)
  const presence = await openPresence(connection, { place, version: '0' }, hub, silent)
  const pool = makePool(connection, silent, 2, presence.connections)
  return {
    presence,
    pool,
    async close() {
      await presence.leave()
      await hub.close()
      await pool.end()
    },
  }
}

async function until(what: string, look: () => boolean, ms = 10_000): Promise<void> {
  const giveUpMs = performance.now() + ms
  while (!look()) {
    if (performance.now() > giveUpMs) assert.fail(`waited ${ms} ms for ${what}`)
    await pause(20)
  }
}

const notes = async () => (await database.pool.query<{ text: string }>('select text from note')).rows

test('the first one leads until it leaves, then the next one does at once', async () => {
  const [one, other] = [await open('a'), await open('b')]
  await until('the first to lead', () => one.presence.leads())
  assert.equal(other.presence.leads(), false)
  await one.close()
  assert.equal(one.presence.leads(), false)
  await until('the other to lead', () => other.presence.leads(), 1_000)
  await other.close()
})

test('who has been replaced can write nothing more: neither what it has begun, nor anything new', async () => {
  const before = await open('same')
  const client = await before.pool.connect()
  client.on('error', () => undefined)
  await client.query('begin')
  await client.query(`insert into note values ('begun before')`)
  // The same place: only one can listen there, so the one before counts as dead.
  const next = await open('same')
  await assert.rejects(client.query('commit'))
  client.release(true)
  await assert.rejects(
    before.pool.query(`insert into note values ('begun after')`),
    (error) => isConnectionError(error) && /has replaced this one/.test(String(error)),
  )
  await before.presence.replaced
  assert.throws(
    () => before.presence.check(),
    (error) => error instanceof MaruError && error.code === 'database_unavailable',
  )
  assert.deepEqual(await notes(), [])
  next.presence.check()
  await next.pool.query(`insert into note values ('of the one that is there')`)
  assert.equal((await notes()).length, 1)
  await before.close()
  await next.close()
})

test('who is cut off stops leading within its own time; when it is back in time, nobody has replaced it', async () => {
  const { host = '', port = 0 } = database.connection
  const way = await makeTestWay({ host, port })
  const one = await open('cut', { ...database.connection, ...way.at })
  const other = await open('not cut')
  await until('the first to lead', () => one.presence.leads())
  const cutMs = performance.now()
  await way.cut()
  await until('it to stop leading', () => !one.presence.leads())
  const ledMs = performance.now() - cutMs
  assert.ok(ledMs < 3_100, `led for ${ledMs} ms`)
  assert.equal(other.presence.leads(), false)
  await way.heal()
  await until('it to lead again', () => one.presence.leads(), 1_500)
  assert.equal(other.presence.leads(), false)
  await one.close()
  await other.close()
  await way.cut()
})

test('guesses from one source are counted for all control planes together', async () => {
  const both = [makeAttempts(database.db), makeAttempts(database.db)]
  const guesses = Array.from({ length: 30 }, (_, at) => both[at % 2]?.take('192.0.2.1'))
  const ends = await Promise.allSettled(guesses)
  assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, ATTEMPTS_PER_MINUTE)
  for (const end of ends)
    if (end.status === 'rejected') assert.equal((end.reason as MaruError).code, 'rate_limited')
  await both[0]?.take('192.0.2.2')
  await sql`update server_attempts set at = at - interval '30 seconds' where source = '192.0.2.1'`.execute(
    database.db,
  )
  const later = await Promise.allSettled(Array.from({ length: 30 }, () => both[1]?.take('192.0.2.1')))
  assert.equal(later.filter(({ status }) => status === 'fulfilled').length, ATTEMPTS_PER_MINUTE / 2)
  await both[0]?.sweep()
  assert.equal((await database.pool.query('select from server_attempts')).rowCount, 2)
})

test('a keyed request is forgotten with its process, and not when another one starts', async () => {
  const request = { principal: 'p', route: 'r', key: 'k', content: 'c' }
  const dying = await open('dies')
  const work = Promise.withResolvers<never>()
  const first = makeIdempotency(database.db, dying.presence.id).once(request, () => work.promise)
  first.catch(() => undefined)
  const openRequests = async () =>
    (await database.pool.query('select from server_idempotency where status is null')).rowCount
  while ((await openRequests()) === 0) await pause(20)
  const next = await open('another')
  assert.equal(await openRequests(), 1)
  const successor = await open('dies')
  assert.equal(await openRequests(), 0)
  const again = await makeIdempotency(database.db, next.presence.id).once(request, async () => ({
    status: 200,
    body: 'second',
  }))
  assert.deepEqual(again, { status: 200, body: 'second', replayed: false })
  work.reject(new Error('too late'))
  await assert.rejects(first, /too late/)
  // What the dead one finds at the end is not its own any more.
  const kept = await makeIdempotency(database.db, next.presence.id).once(request, async () => ({
    status: 500,
    body: 'third',
  }))
  assert.deepEqual(kept, { status: 200, body: 'second', replayed: true })
  for (const one of [dying, next, successor]) await one.close()
})

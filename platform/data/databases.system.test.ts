import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import { randomId } from '#runtime/kit/random-id.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { jobs } from '#runtime/server/jobs.ts'
import { makeSecretBox } from '#runtime/server/secret-box.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import { connectionProblems } from './connections.ts'
import { findCredentials } from './credentials.ts'
import { loadInfo } from './info.ts'
import { dropDatabase, ensureDatabase } from './provision.ts'
import { asMember } from './roles.ts'
import { abandonRotation, beginRotation, dataJobs, finishRotation } from './rotation.ts'

let database: TestDatabase
let deps: ServerDeps
const mine = randomId<string>('app')
const neighbour = randomId<string>('app')

before(async () => {
  database = await makeTestDatabase()
  const { db, openDatabase, connection } = database
  const config = {
    appDatabase: { host: connection.host, port: connection.port },
    patroni: [],
    patroniCa: '/dev/null',
  }
  const secrets = makeSecretBox(db, randomBytes(32))
  // Only what the data capability reads: a server has more.
  deps = {
    config,
    db,
    openDatabase,
    secrets,
    jobs,
    log: silent,
    now: () => new Date(),
  } as unknown as ServerDeps
  await ensureDatabase(deps, mine)
  await ensureDatabase(deps, neighbour)
})
after(async () => {
  await dropDatabase(deps, mine)
  await dropDatabase(deps, neighbour)
  await database.close()
})

/** Connects as an app does. */
async function connectAs(appId: string, rotation: number, to = appId): Promise<pg.Client> {
  const credentials = await findCredentials(deps, database.db, appId, rotation)
  assert.ok(credentials)
  const { host, port } = database.connection
  const { role, password } = credentials
  const client = new pg.Client({ host, port, user: role, password, database: to })
  await client.connect()
  client.on('error', () => undefined)
  return client
}

test('who asks for one database at the same moment gets the same one, and nobody stands in the way', async (t) => {
  const app = randomId<string>('app')
  t.after(() => dropDatabase(deps, app))
  await Promise.all([1, 2, 3].map(() => ensureDatabase(deps, app)))
  const client = await connectAs(app, 0)
  await client.query('create table made (n int)')
  await client.end()
})

test('an app makes tables in its own database, owned by its group', async () => {
  const client = await connectAs(mine, 0)
  await client.query('create table notes (text text)')
  const { rows } = await client.query(`select tableowner from pg_tables where tablename = 'notes'`)
  assert.deepEqual(rows, [{ tableowner: mine }])
  await client.end()
})

test('people are told when connections are nearly used up, and by whom most of them are', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectAs(mine, 0)))
  const nameOf = async (id: string) => (id === mine ? 'shop' : undefined)
  // Other test files have theirs at the same server.
  const told = await connectionProblems(database.db, nameOf, 0.1)
  assert.match(told[0]?.problem ?? '', /^\d+ of \d+ connections are in use, 20 of them by the app shop; /)
  const others = await connectionProblems(database.db, async () => undefined, 0.1)
  assert.match(others[0]?.problem ?? '', /20 of them by the platform itself; .* more apps than one pair/)
  assert.deepEqual(await connectionProblems(database.db, nameOf, 1), [])
  await Promise.all(clients.map((client) => client.end()))
})

test('an app cannot connect to its neighbour', async () => {
  await assert.rejects(connectAs(mine, 0, neighbour), { code: '42501' })
  await assert.rejects(connectAs(neighbour, 0, mine), { code: '42501' })
})

test('an app cannot become its neighbour, make roles or databases, or read files', async () => {
  const client = await connectAs(mine, 0)
  const forbidden = [
    `set role ${pg.escapeIdentifier(neighbour)}`,
    'set role maru_control',
    'create role intruder',
    'create database intruder',
    `alter role ${pg.escapeIdentifier(`${neighbour}_a`)} password 'x'`,
    `copy (select 1) to program 'true'`,
    `select pg_read_file('/etc/passwd')`,
  ]
  for (const statement of forbidden)
    await assert.rejects(client.query(statement), { code: '42501' }, statement)
  await client.end()
})

test('the control plane has no right in the database of an app', async () => {
  const inside = database.openDatabase(mine)
  await assert.rejects(
    inside.connection().execute(async () => undefined),
    { code: '42501' },
  )
  await inside.destroy()
})

test('ensure may run again, and information is there', async () => {
  await ensureDatabase(deps, mine)
  const info = await loadInfo(deps, { id: mine, name: 'shop' })
  assert.equal(info.role, `${mine}_a`)
  assert.ok(info.sizeBytes > 1_000_000)
  assert.match(info.version, /^17\./)
})

test('a database that an earlier version made gets the connections of one that is made now', async () => {
  const limits = async () => {
    const found = await sql<{ limit: number }>`
      select rolconnlimit as limit from pg_roles where rolname = ${`${mine}_a`}
      union all select datconnlimit from pg_database where datname = ${mine}`.execute(database.db)
    return found.rows.map(({ limit }) => limit)
  }
  const now = await limits()
  await database.db.connection().execute(async (one) => {
    await sql`alter role ${sql.id(`${mine}_a`)} connection limit 20`.execute(one)
    await asMember(one, mine, () => sql`alter database ${sql.id(mine)} with connection limit 40`.execute(one))
  })
  assert.deepEqual(await limits(), [20, 40])
  await ensureDatabase(deps, mine)
  assert.deepEqual(await limits(), now)
})

test('rotation: both credentials work during the overlap, only the new ones after it', async () => {
  const old = await connectAs(mine, 0)
  await beginRotation(deps, mine, 1)
  await beginRotation(deps, mine, 1)
  const fresh = await connectAs(mine, 1)
  await fresh.query(`insert into notes values ('from the new role')`)
  await old.query(`insert into notes values ('from the old role')`)
  await finishRotation(deps, database.db, mine, 1)
  await dataJobs(deps)['data.retire-login']?.({ appId: mine, rotation: 0 }, new AbortController().signal)
  await assert.rejects(old.query('select 1'))
  await assert.rejects(connectAs(mine, 0), { code: '28P01' })
  const { rows } = await fresh.query('select count(*)::int as count from notes')
  assert.deepEqual(rows, [{ count: 2 }])
  await fresh.end()
})

test('a rotation that is given up lets its role in no more, and the next one works', async () => {
  await beginRotation(deps, mine, 2)
  const begun = await connectAs(mine, 2)
  await abandonRotation(deps, mine, 2)
  await assert.rejects(begun.query('select 1'))
  await (await connectAs(mine, 1)).end()
  await beginRotation(deps, mine, 2)
  await (await connectAs(mine, 2)).end()
})

test('the old login role is left alone when a newer rotation uses it again', async () => {
  await finishRotation(deps, database.db, mine, 2)
  await dataJobs(deps)['data.retire-login']?.({ appId: mine, rotation: 0 }, new AbortController().signal)
  await (await connectAs(mine, 2)).end()
})

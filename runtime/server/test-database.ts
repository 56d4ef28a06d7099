import { createHash, randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import pg from 'pg'
import { run } from '#runtime/drivers/process.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { type Connection, makeDatabase, makePool } from './database.ts'
import { loadMigrations, type Migration, migrate } from './migrate.ts'
import { installWorker } from './worker.ts'

/** A database of its own for one test file, migrated, on a real PostgreSQL 17. */
export interface TestDatabase {
  /** As the role `maru_control`, with the rights that it has in production (CREATEDB CREATEROLE, no superuser). */
  readonly connection: Connection
  /** As the superuser, for set-up and for looking from outside. */
  readonly admin: Connection
  readonly pool: pg.Pool
  // biome-ignore lint/complexity/noBannedTypes: no tables are visible until a store names its own
  readonly db: Kysely<{}>
  // biome-ignore lint/complexity/noBannedTypes: no tables are visible until a store names its own
  readonly openDatabase: (name: string) => Kysely<{}>
  /** Ends the connections and drops the database. */
  close(): Promise<void>
}

const CONTROL_ROLE = 'maru_control'
const START_PATIENCE_MS = 60_000
/** Two test files that start at once must not both make the template. */
const TEMPLATE_LOCK = 7_305_002
/** Whoever has a database here shares it; the server ends in a moment in which it has it alone. */
const IN_USE_LOCK = 7_305_003

/** A logger that says nothing, for tests. */
export const silent = makeLog('error', () => undefined)

/**
 * Makes the database by cloning a template that holds every migration (a few milliseconds). The server is the one of
 * MARU_TEST_DATABASE_URL (a superuser), or a container that all test files share and that ends by itself.
 */
export async function makeTestDatabase(): Promise<TestDatabase> {
  const entered = await enterServer()
  try {
    return await makeIn(entered)
  } catch (error) {
    // A connection that is left open would keep the test file from ending.
    await entered.leave()
    throw error
  }
}

async function makeIn({ admin, leave }: Entered): Promise<TestDatabase> {
  const migrations = await loadMigrations()
  const template = templateName(migrations)
  await ensureTemplate(admin, template, migrations)
  const name = `test_${randomBytes(6).toString('hex')}`
  await asAdmin(admin, (client) =>
    client.query(`create database ${name} template ${template} owner ${CONTROL_ROLE}`),
  )
  const connection: Connection = { ...admin, user: CONTROL_ROLE, password: CONTROL_ROLE, database: name }
  const pool = makePool(connection, silent)
  return {
    connection,
    admin: { ...admin, database: name },
    pool,
    db: makeDatabase(pool),
    openDatabase: (database) => makeDatabase(makePool({ ...connection, database }, silent, 2)),
    async close() {
      try {
        if (!pool.ended) await pool.end()
        await asAdmin(admin, (client) => client.query(`drop database ${name} with (force)`))
      } finally {
        await leave()
      }
    },
  }
}

const templateName = (migrations: readonly Migration[]) =>
  `template_${createHash('sha256')
    .update(migrations.map(({ checksum }) => checksum).join())
    .digest('hex')
    .slice(0, 16)}`

async function ensureTemplate(
  admin: Connection,
  name: string,
  migrations: readonly Migration[],
): Promise<void> {
  await asAdmin(admin, async (client) => {
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK])
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
    if (rowCount) return
    await client.query(`do $$ begin
      if not exists (select from pg_roles where rolname = '${CONTROL_ROLE}') then
        create role ${CONTROL_ROLE} login createdb createrole password '${CONTROL_ROLE}';
        grant pg_signal_backend to ${CONTROL_ROLE};
      end if;
    end $$`)
    const draft = `${name}_draft`
    await client.query(`drop database if exists ${draft}`)
    await client.query(`create database ${draft} owner ${CONTROL_ROLE}`)
    await fillTemplate({ ...admin, user: CONTROL_ROLE, password: CONTROL_ROLE, database: draft }, migrations)
    // Renamed at the end: a template with the right name is always whole.
    await client.query(`alter database ${draft} rename to ${name}`)
  })
}

async function fillTemplate(connection: Connection, migrations: readonly Migration[]): Promise<void> {
  const pool = makePool(connection, silent, 2)
  try {
    await installWorker(pool)
    await migrate(pool, migrations)
  } finally {
    await pool.end()
  }
}

async function asAdmin<T>(admin: Connection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(admin)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** A server that stays until it is left. */
interface Entered {
  readonly admin: Connection
  leave(): Promise<void>
}

async function enterServer(): Promise<Entered> {
  const given = process.env.MARU_TEST_DATABASE_URL
  if (given === undefined) return await enterContainer()
  const url = new URL(given)
  return await enter({
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1) || 'postgres',
  })
}

async function enter(admin: Connection): Promise<Entered> {
  const client = new pg.Client(admin)
  // A server that goes all the same is noticed by what needs it.
  client.on('error', () => undefined)
  await client.connect()
  await client.query('select pg_advisory_lock_shared($1)', [IN_USE_LOCK])
  return { admin, leave: () => client.end() }
}

/**
 * Runs as the container's first process: a server without durability that stops when nobody has had a database for 30 s. So
 * nobody has to know which test file is the last one. Who comes in the last moment waits for the lock, and hears that the server
 * is gone instead of being given a database that is about to go.
 */
const SERVER_SCRIPT = String.raw`
set -eu
export PATH=/usr/lib/postgresql/17/bin:$PATH PGDATA=/tmp/data
printf %s "$TEST_PASSWORD" > /tmp/password
initdb -U postgres --auth=scram-sha-256 --pwfile=/tmp/password >/dev/null
pg_ctl -w -o "-c listen_addresses=* -c fsync=off -c full_page_writes=off -c max_connections=200 -c unix_socket_directories=/tmp" -l /tmp/log start >/dev/null
echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
pg_ctl reload >/dev/null
export PGPASSWORD="$TEST_PASSWORD"
idle=0
while pg_ctl status >/dev/null; do
  sleep 2
  free=$(psql -h /tmp -U postgres -Atc 'select pg_try_advisory_lock(${IN_USE_LOCK})')
  if [ "$free" = t ]; then idle=$((idle + 1)); else idle=0; fi
  [ "$idle" -lt 15 ] || psql -h /tmp -U postgres -At <<'EOF'
select pg_try_advisory_lock(${IN_USE_LOCK}) as free \gset
\if :free
\! pg_ctl -m immediate stop
\endif
EOF
done
`

const IMAGE = process.env.MARU_TEST_DATABASE_IMAGE ?? 'maru/database'
const CONTAINER = `testdb-maru-${createHash('sha256').update(SERVER_SCRIPT).update(IMAGE).digest('hex').slice(0, 8)}`

const docker = async (...args: string[]) => await run(['docker', ...args])

async function enterContainer(): Promise<Entered> {
  const giveUpAt = Date.now() + START_PATIENCE_MS
  let problem: unknown
  while (Date.now() < giveUpAt) {
    await startContainer()
    const connection = await inspectContainer()
    try {
      if (connection === undefined) throw new Error(`container ${CONTAINER} does not run`)
      return await enter(connection)
    } catch (error) {
      problem = error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  throw new Error('the test database did not start', { cause: problem })
}

/** Starts it unless it runs: the engine refuses a second container of this name, which is what we want. */
async function startContainer(): Promise<void> {
  const password = randomBytes(12).toString('hex')
  const options = [
    '--detach',
    '--rm',
    '--name',
    CONTAINER,
    '--user',
    'postgres',
    '--env',
    `TEST_PASSWORD=${password}`,
  ]
  const { exitCode, stderr } = await docker(
    'run',
    ...options,
    '--entrypoint',
    '/bin/sh',
    IMAGE,
    '-c',
    SERVER_SCRIPT,
  )
  if (exitCode !== 0 && !stderr.includes('is already in use')) {
    throw new Error(`cannot start the test database from image ${IMAGE}: ${stderr.trim()}`)
  }
}

async function inspectContainer(): Promise<Connection | undefined> {
  const { exitCode, stdout } = await docker('inspect', CONTAINER)
  if (exitCode !== 0) return undefined
  const [found] = JSON.parse(stdout) as [
    { NetworkSettings: { IPAddress: string }; Config: { Env: readonly string[] } },
  ]
  const password = found.Config.Env.find((line) => line.startsWith('TEST_PASSWORD='))?.split('=')[1]
  if (found.NetworkSettings.IPAddress === '' || password === undefined) return undefined
  return {
    host: found.NetworkSettings.IPAddress,
    port: 5432,
    user: 'postgres',
    password,
    database: 'postgres',
  }
}

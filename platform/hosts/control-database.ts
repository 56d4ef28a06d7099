import { join } from 'node:path'
import pg from 'pg'
import { addressesOf, HOME, type Installation, POSTGRES_HOST } from '#contract/installation.ts'
import type { PlatformSecrets } from './component-files.ts'
import { CONTROL_ROLE } from './control-files.ts'
import { pollUntil } from './poll.ts'

const FIRST_START_MS = 120_000

export interface DatabaseRequest {
  readonly installation: Installation
  readonly home: string
  readonly rootPem: string
  readonly secrets: PlatformSecrets
}

/** Waits for a primary and makes the control plane's role and database there, if they are missing. */
export async function ensureControlDatabase(request: DatabaseRequest): Promise<void> {
  const log = join(request.home, HOME.logs)
  const client = await pollUntil(
    { what: 'Waiting for the database', timeoutMs: FIRST_START_MS, everyMs: 300, log },
    () => connectToPrimary(request, 'postgres'),
  )
  try {
    await ensureRole(client, request.secrets.control)
    await ensureDatabase(client)
  } finally {
    await client.end()
  }
  const template = await connectToPrimary(request, 'template1')
  try {
    await template?.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC')
  } finally {
    await template?.end()
  }
}

/** Connects to whichever member takes writes; undefined when none does yet, or when Patroni has not made its roles. */
async function connectToPrimary(request: DatabaseRequest, database: string): Promise<pg.Client | undefined> {
  const { postgres, postgresPort } = addressesOf(request.installation)
  for (const host of postgres) {
    const client = new pg.Client({
      host,
      port: postgresPort,
      user: 'postgres',
      password: request.secrets.superuser,
      database,
      connectionTimeoutMillis: 2000,
      ssl: { ca: request.rootPem, servername: POSTGRES_HOST, rejectUnauthorized: true },
    })
    // A connection that ends while it is idle is found out by the next query.
    client.on('error', () => {})
    try {
      await client.connect()
      const { rows } = await client.query(
        "SELECT pg_is_in_recovery() AS standby, EXISTS (SELECT FROM pg_roles WHERE rolname = 'rewind') AS made",
      )
      if (rows[0]?.standby === false && rows[0].made === true) return client
    } catch (error) {
      if (host === postgres.at(-1)) throw error
    }
    await client.end().catch(() => {})
  }
  return undefined
}

async function ensureRole(client: pg.Client, password: string): Promise<void> {
  const role = pg.escapeIdentifier(CONTROL_ROLE)
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [CONTROL_ROLE])
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER'
  await client.query(
    `${verb} ROLE ${role} LOGIN CREATEDB CREATEROLE NOSUPERUSER PASSWORD ${pg.escapeLiteral(password)}`,
  )
  // To end the sessions of a role whose credentials were rotated.
  await client.query(`GRANT pg_signal_backend TO ${role}`)
}

async function ensureDatabase(client: pg.Client): Promise<void> {
  const name = pg.escapeIdentifier(CONTROL_ROLE)
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [CONTROL_ROLE])
  if (rowCount === 0) await client.query(`CREATE DATABASE ${name} OWNER ${name}`)
  // Apps' roles reach their own database and no other, not even an empty one.
  for (const database of [CONTROL_ROLE, 'postgres', 'template1']) {
    await client.query(`REVOKE ALL ON DATABASE ${pg.escapeIdentifier(database)} FROM PUBLIC`)
  }
  // Without it, a primary that was ahead when it died can never rejoin: pg_rewind reads from the new one through here.
  await client.query(`GRANT CONNECT ON DATABASE postgres TO ${name}, rewind`)
}

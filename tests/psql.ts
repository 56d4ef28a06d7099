import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addressesOf, POSTGRES_HOST } from '#contract/installation.ts'
import { type RunResult, run } from '#runtime/drivers/process.ts'
import { cliJson, HOME, installation } from './harness.ts'

/** DATABASE_URL of an app, taken apart. */
export async function databaseOf(app: string): Promise<URL> {
  const { url } = await cliJson<{ url: string }>(['db', 'url', app])
  return new URL(url)
}

/** psql on the host through the database proxy, with what an app knows; overrides win. */
export function psql(
  url: URL,
  sql: string,
  overrides: Readonly<Record<string, string>> = {},
  timeoutMs = 15_000,
): Promise<RunResult> {
  const env = {
    PGHOST: POSTGRES_HOST,
    PGHOSTADDR: addressesOf(installation).pgproxy.data,
    PGPORT: url.port || '5432',
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: url.pathname.slice(1),
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: join(HOME, 'pki/root.crt'),
    PGCONNECT_TIMEOUT: '3',
    ...overrides,
  }
  return run(['psql', '--no-psqlrc', '-At', '-v', 'ON_ERROR_STOP=1', '-c', sql], { env, timeoutMs })
}

/** The control plane's own. */
export const CONTROL_DATABASE = 'maru_control'

/** A statement as the server's superuser, at whichever member takes writes. */
export async function superuser(sql: string, database = 'postgres'): Promise<void> {
  const { postgres, postgresPort } = addressesOf(installation)
  const env = {
    PGHOST: POSTGRES_HOST,
    PGPORT: String(postgresPort),
    PGUSER: 'postgres',
    PGPASSWORD: (await readFile(join(HOME, 'secrets/postgres-superuser'), 'utf8')).trim(),
    PGDATABASE: database,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: join(HOME, 'pki/root.crt'),
  }
  const ends = await Promise.all(
    postgres.map((PGHOSTADDR) => run(['psql', '--no-psqlrc', '-c', sql], { env: { ...env, PGHOSTADDR } })),
  )
  if (!ends.some(({ exitCode }) => exitCode === 0))
    throw new Error(ends.map(({ stderr }) => stderr).join('\n'))
}

import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'

/** Where the numbered SQL files are. */
export const MIGRATIONS_DIR = join(import.meta.dirname, '../../migrations')

/** One lock for every control plane that starts at the same moment; the number only has to be ours. */
const LOCK = 7_305_001

export interface Migration {
  readonly name: string
  readonly checksum: string
  readonly text: string
}

/** Reads `0001-name.sql` … in order; a gap is fine, two with one number are not. */
export async function loadMigrations(dir = MIGRATIONS_DIR): Promise<Migration[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort()
  checkNames(names)
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(dir, name), 'utf8')
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

/** Migration names must be numbered, and no number may be used twice. */
export function checkNames(names: readonly string[]): void {
  const seen = new Map<string, string>()
  for (const name of names) {
    const number = /^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1]
    if (number === undefined) throw new Error(`migration ${name} is not named like 0001-what-it-does.sql`)
    const other = seen.get(number)
    if (other !== undefined) throw new Error(`migrations ${other} and ${name} have the same number`)
    seen.set(number, name)
  }
}

/** What is still to apply. Refuses when one that was applied has been changed or has vanished. */
export function planMigrations(
  known: readonly Migration[],
  applied: ReadonlyArray<Pick<Migration, 'name' | 'checksum'>>,
): Migration[] {
  for (const one of applied) {
    const now = known.find(({ name }) => name === one.name)
    if (now === undefined) throw new Error(`migration ${one.name} was applied but is no longer here`)
    if (now.checksum !== one.checksum)
      throw new Error(`migration ${one.name} was changed after it was applied`)
  }
  return known.filter(({ name }) => !applied.some((one) => one.name === name))
}

/** Applies what is missing, each in a transaction of its own, one control plane at a time. */
export async function migrate(pool: pg.Pool, migrations: readonly Migration[]): Promise<string[]> {
  const client = await pool.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK])
    try {
      return await applyMissing(client, migrations)
    } finally {
      await client.query('select pg_advisory_unlock($1)', [LOCK])
    }
  } finally {
    // The connection ends here, so that the lock ends with it whatever happened.
    client.release(true)
  }
}

async function applyMissing(client: pg.PoolClient, migrations: readonly Migration[]): Promise<string[]> {
  await client.query(`create table if not exists server_migration (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`)
  const { rows } = await client.query<Migration>('select name, checksum from server_migration')
  const missing = planMigrations(migrations, rows)
  for (const migration of missing) await applyOne(client, migration)
  return missing.map(({ name }) => name)
}

async function applyOne(client: pg.PoolClient, { name, checksum, text }: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(text)
    await client.query('insert into server_migration (name, checksum) values ($1, $2)', [name, checksum])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw new Error(`migration ${name} failed`, { cause: error })
  }
}

// Runs once before each release takes traffic; it can run again without harm.
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

const TRIES = 10

async function migrate() {
  const client = new pg.Client({
    connectionString: process.env.DATABASE_URL,
    connectionTimeoutMillis: 5000,
  })
  // The connection can end at any moment; the query that needs it says so.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(`
      CREATE TABLE IF NOT EXISTS note (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        body text NOT NULL CHECK (length(body) BETWEEN 1 AND 1000),
        written_at timestamptz NOT NULL DEFAULT now()
      )`)
  } finally {
    await client.end().catch(() => {})
  }
}

// A database that changes its primary is away for some seconds: what was not done is tried again.
for (let tries = 1; ; tries += 1)
  try {
    await migrate()
    break
  } catch (error) {
    if (tries === TRIES) throw error
    console.error(`The database did not answer (${error.message}); once more.`)
    await pause(1000)
  }
console.log('The table of notes is ready.')

// Runs once before each release takes traffic; it can run again without harm.
import pg from 'pg'

const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await client.query(`
  CREATE TABLE IF NOT EXISTS note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 1000),
    written_at timestamptz NOT NULL DEFAULT now()
  )`)
await client.end()
console.log('The table of notes is ready.')

// Writes one row for each request at /write?token=T and answers when the database has acknowledged it. With `&retry` the row is
// sent again for some seconds, as drivers do while the database changes hands: writing it twice does no harm.
import { createServer } from 'node:http'
import pg from 'pg'

const RETRY_MS = 10_000
const PAUSE_MS = 25
const INSERT = 'INSERT INTO entry (token) VALUES ($1) ON CONFLICT DO NOTHING'

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: 8,
  connectionTimeoutMillis: 2000,
  query_timeout: 5000,
})
pool.on('error', (error) => console.error(`database connection lost: ${error.message}`))

async function write(token, retries) {
  const end = Date.now() + RETRY_MS
  for (;;) {
    try {
      return await pool.query(INSERT, [token])
    } catch (error) {
      if (!retries || Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://rows')
  try {
    if (pathname === '/write') await write(searchParams.get('token'), searchParams.has('retry'))
    response.end('ok\n')
  } catch (error) {
    console.error(error.message)
    response.writeHead(500).end('Something went wrong\n')
  }
})

server.listen(process.env.PORT ?? 3000)
process.on('SIGTERM', () => server.close(() => pool.end()))

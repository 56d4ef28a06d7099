// Writes one row for each request, and answers with 200 only when the database has acknowledged it.
import { createServer } from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: 8,
  connectionTimeoutMillis: 2000,
  query_timeout: 5000,
})
pool.on('error', (error) => console.error(`database connection lost: ${error.message}`))

const write = async (token) => {
  await pool.query('INSERT INTO entry (token) VALUES ($1) ON CONFLICT DO NOTHING', [token])
  return token
}
const tokens = async () =>
  (await pool.query('SELECT token FROM entry')).rows.map((row) => row.token).join('\n')

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://ledger')
  try {
    if (pathname === '/write') response.end(await write(searchParams.get('token')))
    else if (pathname === '/tokens') response.end(await tokens())
    else response.end('ok\n')
  } catch (error) {
    console.error(error.message)
    response.writeHead(500).end('Something went wrong\n')
  }
})

server.listen(process.env.PORT ?? 3000)
process.on('SIGTERM', () => server.close(() => pool.end()))

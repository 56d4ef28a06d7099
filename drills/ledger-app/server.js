// Writes one row for each request at /write, and answers with 200 only when the database has acknowledged it: with the token and
// the name of the server that did. With `&retry` a row is sent again for some seconds, as drivers do while the database changes hands.
// What asks for anything else needs no database.
import { createServer } from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: 8,
  connectionTimeoutMillis: 2000,
  query_timeout: 5000,
})
const onLost = (error) => console.error(`database connection lost: ${error.message}`)
pool.on('error', onLost)
// A connection that is lost while it is in use tells it as well, and whoever does not listen ends.
pool.on('connect', (client) => client.on('error', onLost))

const SERVER = "host(inet_server_addr()) || ' ' || pg_postmaster_start_time()"
// A row that is sent again may be there already: it is written once more, so that an answer is always an acknowledgement.
const INSERT = `INSERT INTO entry (token) VALUES ($1)
  ON CONFLICT (token) DO UPDATE SET token = EXCLUDED.token RETURNING ${SERVER} AS server`
const RETRY_MS = 10_000
const PAUSE_MS = 25

/** Which server took the row. A wait for the standby that was cut short comes with a warning, and is no acknowledgement. */
const write = async (token) => {
  const client = await pool.connect()
  let warned = false
  const onNotice = () => {
    warned = true
  }
  client.on('notice', onNotice)
  let failure
  try {
    const { rows } = await client.query(INSERT, [token])
    if (warned) throw new Error('only one member has the row')
    return `${token} ${rows[0].server}`
  } catch (error) {
    failure = error
    throw error
  } finally {
    client.off('notice', onNotice)
    client.release(failure)
  }
}
const writeAgain = async (token) => {
  const end = Date.now() + RETRY_MS
  for (;;) {
    try {
      return await write(token)
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
const tokens = async () =>
  (await pool.query('SELECT token FROM entry')).rows.map((row) => row.token).join('\n')

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://ledger')
  try {
    const sends = searchParams.has('retry') ? writeAgain : write
    if (pathname === '/write') response.end(await sends(searchParams.get('token')))
    else if (pathname === '/tokens') response.end(await tokens())
    else response.end('ok\n')
  } catch (error) {
    console.error(error.message)
    response.writeHead(500).end('Something went wrong\n')
  }
})

server.listen(process.env.PORT ?? 3000)
process.on('SIGTERM', () => server.close(() => pool.end()))

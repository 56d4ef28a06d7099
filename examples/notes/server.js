import { createServer } from 'node:http'
import pg from 'pg'
import { page } from './page.js'

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: 5,
  connectionTimeoutMillis: 5000,
})
// A failover closes idle connections; the pool opens new ones.
pool.on('error', (error) => console.error(`database connection lost: ${error.message}`))

const listNotes = async () =>
  (await pool.query('SELECT id, body, written_at FROM note ORDER BY id DESC LIMIT 100')).rows

async function readForm(request) {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > 10_000) throw Object.assign(new Error('too long'), { status: 413 })
  }
  return new URLSearchParams(text)
}

const routes = {
  'GET /': async () => ({ type: 'text/html; charset=utf-8', text: page(await listNotes()) }),
  'GET /notes.json': async () => ({ type: 'application/json', text: JSON.stringify(await listNotes()) }),
  'GET /health': async () => ({ type: 'text/plain', text: 'ok\n' }),
  'POST /': async (request) => {
    const body = (await readForm(request)).get('body')?.trim().slice(0, 1000)
    if (body) await pool.query('INSERT INTO note (body) VALUES ($1)', [body])
    return { status: 303, location: '/' }
  },
}

const server = createServer(async (request, response) => {
  const route = routes[`${request.method} ${request.url.split('?')[0]}`]
  try {
    const {
      status = 200,
      type = 'text/plain',
      location,
      text = '',
    } = route ? await route(request) : { status: 404, text: 'Not found\n' }
    response.writeHead(status, location ? { location } : { 'content-type': type }).end(text)
  } catch (error) {
    console.error(error)
    response.writeHead(error.status ?? 500, { 'content-type': 'text/plain' }).end('Something went wrong\n')
  }
})

server.listen(process.env.PORT ?? 3000, () => console.log(`listening on ${server.address().port}`))

process.on('SIGTERM', () => server.close(() => pool.end()))

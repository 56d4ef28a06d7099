import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { hostname } from 'node:os'

const builtAt = readFileSync(new URL('built-at.txt', import.meta.url), 'utf8').trim()

const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(
    JSON.stringify({ builtAt, instance: hostname(), client: request.headers['x-forwarded-for'] ?? null }),
  )
})

server.listen(process.env.PORT ?? 3000, () => console.log(`listening on ${server.address().port}`))
process.on('SIGTERM', () => server.close())

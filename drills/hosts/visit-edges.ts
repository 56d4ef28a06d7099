/**
 * Visitors of an app in a lab, as a program of their own: they ask edges over TLS, on connections that are kept and on new ones,
 * until standard input ends. What came of it is printed ten times a second as a line of JSON (`VisitNews`).
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Visit } from '#lab/visit.ts'
import { type Load, type RequestEnd, startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { pause } from '#runtime/kit/pause.ts'
import { machineClockMs, type VisitNews } from './visit.ts'

const WRITERS = { kept: 2, fresh: 1 } as const
const READERS = { kept: 1, fresh: 1 } as const
const TELL_MS = 100
/** Each visitor rests between two requests: what is measured is the platform, not a machine without a moment to spare. */
const REST_MS = 40

const wanted = Visit.parse(JSON.parse(process.argv[2] ?? ''))
const ca = readFileSync(wanted.caFile, 'utf8')
const clock = machineClockMs()
const nothing = (): VisitNews => ({ acknowledged: [], failed: [], answered: 0 })
let news = nothing()

function note(edge: string, kind: 'write' | 'plain', { begunMs, endedMs, failure, body }: RequestEnd) {
  const request = { edge, kind, begunMs: begunMs + clock, endedMs: endedMs + clock }
  const [token = '', ...server] = body.trim().split(' ')
  if (failure !== undefined) news.failed.push({ ...request, reason: failure })
  else news.answered += 1
  if (failure === undefined && kind === 'write')
    news.acknowledged.push({ ...request, token, server: server.join(' ') })
  return pause(REST_MS)
}

function visit(edge: string): Load[] {
  const place = { host: edge, port: 443, name: wanted.name, ca }
  const path = () => `/write?token=${randomUUID()}${wanted.again ? '&retry' : ''}`
  return [
    startHttpsLoad({ ...place, path, onEnd: (end) => note(edge, 'write', end) }, WRITERS),
    startHttpsLoad({ ...place, onEnd: (end) => note(edge, 'plain', end) }, READERS),
  ]
}

function tell(): void {
  process.stdout.write(`${JSON.stringify(news)}\n`)
  news = nothing()
}

const visits = wanted.addresses.flatMap(visit)
setInterval(tell, TELL_MS)
process.stdin.resume()
process.stdin.once('end', async () => {
  await Promise.all(visits.map((load) => load.stop()))
  process.stdout.write(`${JSON.stringify(news)}\n`, () => process.exit(0))
})

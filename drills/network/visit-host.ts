import { readFileSync } from 'node:fs'
/**
 * Ordinary visitors of a host, as a program of their own that is run in somebody's network: they ask an app over TLS, and other
 * programs of the host without, until standard input ends. What came of it is printed ten times a second as a line of JSON (`HostVisitNews`).
 */
import { startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { knock } from '#runtime/drivers/knock.ts'
import { pause } from '#runtime/kit/pause.ts'
import { HostVisit, type HostVisitNews, type Sources } from './visitors.ts'

const TELL_MS = 100

const wanted = HostVisit.parse(JSON.parse(process.argv[2] ?? ''))
const { host, port, name, shape, restMs, sources } = wanted
const nothing = (): HostVisitNews => ({ answered: 0, failures: [] })
let news = nothing()
let running = true
let turn = 0

function nextSource({ prefix, first, count }: Sources): string {
  const at = first + (turn % count)
  turn += 1
  return `${prefix}.${at >> 8}.${at & 255}`
}

const load = startHttpsLoad(
  {
    ...{ host, port, name, ca: readFileSync(wanted.caFile, 'utf8') },
    ...(sources && { source: () => nextSource(sources) }),
    onEnd: ({ failure }) => {
      if (failure === undefined) news.answered += 1
      else news.failures.push(failure)
      return pause(restMs)
    },
  },
  shape,
)

async function knockInTurn(): Promise<void> {
  while (running) {
    for (const other of wanted.others) {
      if (await knock({ host, port: other, timeoutMs: 2000 })) news.answered += 1
      else news.failures.push(`port ${other} is silent`)
      await pause(restMs)
    }
    if (wanted.others.length === 0) return
  }
}

function tell(): void {
  process.stdout.write(`${JSON.stringify(news)}\n`)
  news = nothing()
}

const knocking = knockInTurn()
setInterval(tell, TELL_MS)
process.stdin.resume()
process.stdin.once('end', async () => {
  running = false
  await Promise.all([load.stop(), knocking])
  process.stdout.write(`${JSON.stringify(news)}\n`, () => process.exit(0))
})

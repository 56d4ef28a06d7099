/**
 * Visitors of an app in a lab: each asks one edge for a page, over and over, until standard input ends. What came of it is
 * printed as one line of JSON (`Visited`).
 */
import { readFileSync } from 'node:fs'
import { startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { Visit } from './visit.ts'

const SHAPE = { kept: 2, fresh: 1 } as const

function visit({ name, caFile }: Visit, host: string) {
  let last = performance.now()
  let longestGapMs = 0
  const look = () => {
    longestGapMs = Math.max(longestGapMs, performance.now() - last)
  }
  const load = startHttpsLoad(
    {
      host,
      port: 443,
      name,
      ca: readFileSync(caFile, 'utf8'),
      onEnd: ({ failure, endedMs }) => {
        if (failure !== undefined) return
        look()
        last = endedMs
      },
    },
    SHAPE,
  )
  return async () => {
    look()
    const { requests, failed, failures } = await load.stop()
    return { requests, failed, failures, longestGapMs: Math.round(longestGapMs) }
  }
}

const wanted = Visit.parse(JSON.parse(process.argv[2] ?? ''))
const visits = wanted.addresses.map((address) => ({ address, stop: visit(wanted, address) }))
process.stdin.resume()
process.stdin.once('end', async () => {
  const ended = await Promise.all(visits.map(async ({ address, stop }) => [address, await stop()] as const))
  process.stdout.write(`${JSON.stringify(Object.fromEntries(ended))}\n`, () => process.exit(0))
})

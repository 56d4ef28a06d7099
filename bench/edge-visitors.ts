/**
 * Visitors of the edges of several hosts, as a program of their own in the network between them: they ask until standard input
 * ends. What came of it is printed as one line of JSON, what `EdgesSeen` describes.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Visit } from '#lab/visit.ts'
import { startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { pause } from '#runtime/kit/pause.ts'

const READERS = { kept: 0, fresh: 1 } as const
const WRITERS = { kept: 2, fresh: 0 } as const
/** A handshake and a write cost as much as a dozen pages: those who ask as fast as they are answered are others. */
const REST_MS = { reader: 50, writer: 25 } as const

const { addresses, name, caFile } = Visit.parse(JSON.parse(process.argv[2] ?? ''))
const ca = readFileSync(caFile, 'utf8')
const targets = addresses.map((host) => ({ host, port: 443, name, ca }))
const loads = {
  asking: targets.map((target) => startHttpsLoad({ ...target, onEnd: () => pause(REST_MS.reader) }, READERS)),
  writing: targets.map((target) =>
    startHttpsLoad(
      {
        ...target,
        path: () => `/write?token=${randomUUID()}&retry`,
        onEnd: () => pause(REST_MS.writer),
      },
      WRITERS,
    ),
  ),
}
process.stdin.resume()
process.stdin.once('end', async () => {
  const [asking, writing] = await Promise.all(
    [loads.asking, loads.writing].map((all) => Promise.all(all.map((load) => load.stop()))),
  )
  process.stdout.write(`${JSON.stringify({ asking, writing })}\n`, () => process.exit(0))
})

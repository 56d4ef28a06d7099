import { parseArgs } from 'node:util'
import { carryOutInLab } from '#drills/index.ts'
import { endProcess } from '#runtime/kit/end-process.ts'
import { stopWithInput } from '#runtime/kit/stop-with-input.ts'

// `maru drill run` carries out a drill on the pair of a lab by this program, on the network of a host: each line that it prints is news
// of it, the last one is its end. It stops and cleans up when its input ends.
const { values } = parseArgs({
  options: { lab: { type: 'string' }, host: { type: 'string' }, drill: { type: 'string' } },
})
const { lab, host, drill } = values
if (lab === undefined || host === undefined || drill === undefined) {
  process.stderr.write('maru-drill-in-lab --lab DIR --host NAME --drill NAME\n')
  process.exit(2)
}
const stopping = new AbortController()
stopWithInput(stopping)
// A terminal tells everybody at it; who began this ends its input.
process.on('SIGINT', () => {})
for (const end of ['SIGTERM', 'SIGHUP'] as const) process.on(end, () => stopping.abort())
const say = (news: object) => void process.stdout.write(`${JSON.stringify(news)}\n`)
const { signal } = stopping
await carryOutInLab({ lab, host, drill, env: process.env, signal, now: () => new Date() }, say)
// Idle connections must not keep a finished drill alive.
await endProcess()

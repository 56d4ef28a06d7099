import { parseArgs } from 'node:util'
import { carryOutInLab } from '#drills/index.ts'
import { endProcess } from '#runtime/kit/end-process.ts'

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
process.stdin.resume()
process.stdin.once('end', () => stopping.abort())
// A terminal tells everybody at it; who began this ends its input.
process.on('SIGINT', () => {})
for (const end of ['SIGTERM', 'SIGHUP'] as const) process.on(end, () => stopping.abort())
// Who began this may be gone: what was done is undone all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
const say = (news: object) => void process.stdout.write(`${JSON.stringify(news)}\n`)
const { signal } = stopping
await carryOutInLab({ lab, host, drill, env: process.env, signal, now: () => new Date() }, say)
// Idle connections must not keep a finished drill alive.
await endProcess()

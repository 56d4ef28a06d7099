import { parseArgs } from 'node:util'
import { serveLab } from '#drills/index.ts'
import { endProcess } from '#runtime/kit/end-process.ts'
import { makeLog } from '#runtime/kit/log.ts'

// A lab of several hosts keeps this program beside its hosts: it carries out what is started from the platform in them.
const { values } = parseArgs({ options: { lab: { type: 'string' } } })
const { lab } = values
if (lab === undefined) {
  process.stderr.write('maru-lab-drills --lab DIR\n')
  process.exit(2)
}
// By this name the lab finds it; the kernel keeps no more than 15 letters.
process.title = 'maru-lab-drills'
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
const log = makeLog('info', (line) => void process.stdout.write(`${line}\n`))
await serveLab({ home: lab, env: process.env, signal: stopping.signal, now: () => new Date(), log })
// Idle connections must not keep it alive.
await endProcess()

import { parseArgs } from 'node:util'
import type { DrillEvent } from '#contract/drills.ts'
import { runForAgent } from '#drills/index.ts'
import { endProcess } from '#runtime/kit/end-process.ts'
import { stopWithInput } from '#runtime/kit/stop-with-input.ts'

// The agent carries out a drill by this program: each line that it prints is an event, the last one is its end.
const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    docker: { type: 'string' },
    drill: { type: 'string' },
    'until-input-ends': { type: 'boolean' },
  },
})
const { home, docker, drill } = values
if (home === undefined || docker === undefined || drill === undefined) {
  process.stderr.write('maru-drill --home DIR --docker SOCKET --drill NAME [--until-input-ends]\n')
  process.exit(2)
}
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
if (values['until-input-ends'] === true) stopWithInput(stopping)
const emit = (event: DrillEvent) => void process.stdout.write(`${JSON.stringify(event)}\n`)
await runForAgent({ home, dockerSocket: docker, signal: stopping.signal, now: () => new Date() }, drill, emit)
// Idle connections must not keep a finished drill alive.
await endProcess()

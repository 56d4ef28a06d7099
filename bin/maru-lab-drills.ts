import { parseArgs } from 'node:util'
import type { DrillEvent } from '#contract/drills.ts'
import { carryOutForLab, serveLab } from '#drills/index.ts'
import { endProcess } from '#runtime/kit/end-process.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { stopWithInput } from '#runtime/kit/stop-with-input.ts'

// A lab of several hosts keeps this program beside its hosts: it has carried out what is started from the platform in them. With a drill it
// carries that one out: each line is an event, the last one its end, and it cleans up and ends when its input does.
const { values } = parseArgs({ options: { lab: { type: 'string' }, drill: { type: 'string' } } })
const { lab: home, drill } = values
if (home === undefined) {
  process.stderr.write('maru-lab-drills --lab DIR [--drill NAME]\n')
  process.exit(2)
}
const stopping = new AbortController()
const { signal } = stopping
const say = (line: string) => void process.stdout.write(`${line}\n`)
if (drill === undefined) {
  for (const end of ['SIGINT', 'SIGTERM'] as const) process.once(end, () => stopping.abort())
  // By this name the lab finds it; the kernel keeps no more than 15 letters.
  const onReady = () => {
    process.title = 'maru-lab-drills'
  }
  await serveLab({ home, env: process.env, signal, log: makeLog('info', say), onReady })
} else {
  stopWithInput(stopping)
  for (const end of ['SIGINT', 'SIGTERM'] as const) process.on(end, () => stopping.abort())
  const emit = (event: DrillEvent) => say(JSON.stringify(event))
  await carryOutForLab({ home, drill, env: process.env, signal, now: () => new Date() }, emit)
}
// Idle connections must not keep it alive.
await endProcess()

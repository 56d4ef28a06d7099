import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NumberedDrillEvent } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import { DrillStartId } from '#contract/ids.ts'
import type { HostsGround } from './hosts-place.ts'
import { tellPlatform } from './tell-platform.ts'

const START = DrillStartId.parse('start_22222222')
const step = (text: string) => ({ type: 'step', text }) as const
const show = (text: string) => ({ type: 'show', text }) as const
const DONE = { type: 'failed', error: new MaruError('drills.lost', { start: START }).toBody().error } as const

/** A platform that does not answer at first, and what it has been told. */
function platform(silent: number) {
  const told: NumberedDrillEvent[][] = []
  let asked = 0
  const ask = async (what: (client: unknown) => Promise<unknown>) => {
    asked += 1
    if (asked <= silent) throw new MaruError('unreachable', { what: 'The platform' })
    return await what({
      call: async (_route: unknown, { body }: { body: { events: NumberedDrillEvent[] } }) =>
        void told.push([...body.events]),
    })
  }
  return { told, lab: { ask } as unknown as Pick<HostsGround, 'ask'> }
}

test('events are told in their order, and what can be seen right now takes the place of what was seen before', async () => {
  const { told, lab } = platform(0)
  const telling = tellPlatform(lab, START)
  for (const event of [step('one'), show('1'), show('2'), step('two'), show('3'), DONE]) telling.emit(event)
  await telling.end()
  assert.deepEqual(told.flat(), [
    { number: 1, event: step('one') },
    { number: 2, event: show('2') },
    { number: 3, event: step('two') },
    { number: 4, event: show('3') },
    { number: 5, event: DONE },
  ])
})

test('what a platform does not take at first is told when it answers again', async () => {
  const { told, lab } = platform(2)
  const telling = tellPlatform(lab, START, 7)
  telling.emit(step('one'))
  await telling.end()
  assert.deepEqual(told, [[{ number: 7, event: step('one') }]])
})

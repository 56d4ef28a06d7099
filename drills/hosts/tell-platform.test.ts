import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NumberedDrillEvent } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import { tellPlatform } from './tell-platform.ts'

const step = (text: string) => ({ type: 'step', text }) as const
const show = (text: string) => ({ type: 'show', text }) as const
const { error } = new MaruError('drills.lost', { start: 'start_22222222' }).toBody()
const END = { type: 'failed', error } as const

test('events are told in their order, and what can be seen right now takes the place of what was seen before', async () => {
  const told: NumberedDrillEvent[] = []
  const telling = tellPlatform(async (events) => void told.push(...events), 2)
  for (const event of [step('one'), show('1'), show('2'), step('two'), show('3'), END]) telling.emit(event)
  await telling.end()
  assert.deepEqual(told, [
    { number: 2, event: step('one') },
    { number: 3, event: show('2') },
    { number: 4, event: step('two') },
    { number: 5, event: show('3') },
    { number: 6, event: END },
  ])
})

test('what comes while something is being told is told next, and nothing of it twice', async () => {
  const told: NumberedDrillEvent[][] = []
  let answer = () => {}
  const telling = tellPlatform(async (events) => {
    told.push([...events])
    await new Promise<void>((resolve) => {
      answer = resolve
    })
  }, 1)
  telling.emit(show('1'))
  while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  telling.emit(show('2'))
  telling.emit(END)
  const ended = telling.end()
  answer()
  while (told.length === 1) await new Promise((resolve) => setTimeout(resolve, 10))
  answer()
  await ended
  assert.deepEqual(told, [
    [{ number: 1, event: show('1') }],
    [
      { number: 2, event: show('2') },
      { number: 3, event: END },
    ],
  ])
})

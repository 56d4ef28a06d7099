import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import type { AnyDrill } from './drill.ts'
import { isBad, runInTurn } from './run-in-turn.ts'
import { sampleResult } from './test-result.ts'

const drills = ['first', 'second', 'third', 'fourth'].map((name) => ({ name }) as AnyDrill)
const NEVER = new AbortController().signal
const keep = async () => {}

test('a drill that fails, is refused or breaks down does not keep the next ones from being carried out', async () => {
  const outcomes: Record<string, () => Promise<ReturnType<typeof sampleResult>>> = {
    first: async () => sampleResult({ passed: false }),
    second: async () => {
      throw new MaruError('drills.busy', { drill: 'other' })
    },
    third: async () => {
      throw new Error('nobody leads')
    },
    fourth: async () => sampleResult(),
  }
  const perform = ({ name }: AnyDrill) => outcomes[name]?.() ?? assert.fail(name)
  const endings = await runInTurn(drills, { perform, keep }, NEVER)
  assert.deepEqual(
    endings.map((one) => [one.drill, one.result?.passed, one.error?.code, isBad(one)]),
    [
      ['first', false, undefined, true],
      ['second', undefined, 'drills.busy', true],
      ['third', undefined, 'drills.stopped', true],
      ['fourth', true, undefined, false],
    ],
  )
})

test('what was found is told also when nobody is there any more to keep it', async () => {
  const away = async () => {
    throw new MaruError('unreachable', { what: 'The platform' })
  }
  const [ending] = await runInTurn(drills, { perform: async () => sampleResult(), keep: away }, NEVER)
  assert.deepEqual([ending?.result?.passed, ending?.error?.code], [true, 'unreachable'])
  assert.ok(ending && isBad(ending), 'nothing proves it')
})

test('who interrupts it gets what was found so far', async () => {
  const stopping = new AbortController()
  const perform = async () => {
    stopping.abort()
    return sampleResult()
  }
  assert.equal((await runInTurn(drills, { perform, keep }, stopping.signal)).length, 1)
})

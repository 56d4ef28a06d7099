import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addSummaries, holdSummary } from './held-summary.ts'

test('lines pass at once, the summary and the failures after it wait', () => {
  const printed: string[] = []
  const held = holdSummary((line) => printed.push(line))
  held.add('✔ one (1ms)\n✖ tw')
  assert.deepEqual(printed, ['✔ one (1ms)'])
  held.add('o (1ms)\nℹ tests 2\nℹ fail 1\n\n✖ failing tests:\n')
  assert.deepEqual(printed, ['✔ one (1ms)', '✖ two (1ms)'])
  assert.equal(held.end(), 'ℹ tests 2\nℹ fail 1\n\n✖ failing tests:\n')
})

test('a run without a summary loses nothing', () => {
  const printed: string[] = []
  const held = holdSummary((line) => printed.push(line))
  held.add('crashed\nhalf a line')
  assert.deepEqual([...printed, held.end()], ['crashed', 'half a line'])
})

test('two summaries become one: counts are added, and whatever else they say stays', () => {
  const unit = 'ℹ tests 3\nℹ pass 3\nℹ fail 0\nℹ duration_ms 10.5\n\n✖ one\n'
  const system = 'ℹ tests 2\nℹ pass 1\nℹ fail 1\nℹ duration_ms 4\n\n✖ failing tests:\nℹ tests\n'
  assert.equal(
    addSummaries(unit, system),
    'ℹ tests 5\nℹ pass 4\nℹ fail 1\nℹ duration_ms 14.5\n\n✖ failing tests:\nℹ tests\n\n✖ one',
  )
})

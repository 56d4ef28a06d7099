import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeCap } from './log-lines.ts'

const line = (text: string) => ({ type: 'log' as const, source: 'build' as const, line: text })

test('lines over the limit are left out, and that is said once', () => {
  const admit = makeCap(0, 2)
  const admitted = ['a', 'b', 'c', 'd'].map((text) => admit(line(text))?.line)
  assert.deepEqual(admitted, ['a', 'b', '… lines left out', undefined])
})

test('a few very long lines reach the limit, too', () => {
  const admit = makeCap(0, 10, 6)
  const admitted = ['aaaa', 'bbbb', 'c'].map((text) => admit(line(text))?.line)
  assert.deepEqual(admitted, ['aaaa', '… lines left out', undefined])
})

test('lines of an earlier run count, so that a resumed operation keeps the limit', () => {
  const admit = makeCap(3, 2)
  assert.equal(admit(line('more')), undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { makeOpenLimit } from './open-limit.ts'

const refused = (error: unknown) => error instanceof MaruError && error.code === 'too_many_open'

test('who has as many open as allowed waits until one ends; leaving twice counts once; others are not hindered', () => {
  const limit = makeOpenLimit(2)
  const leave = limit.enter('ada')
  limit.enter('ada')
  assert.throws(() => limit.enter('ada'), refused)
  limit.enter('bob')
  leave()
  leave()
  limit.enter('ada')
  assert.throws(() => limit.enter('ada'), refused)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { makeRateLimit } from './rate-limit.ts'

test('a full bucket is allowed at once, then one for each part of a minute', () => {
  let now = 0
  const limit = makeRateLimit(6, () => now)
  for (let i = 0; i < 6; i += 1) limit.take('a')
  assert.throws(
    () => limit.take('a'),
    (error) => error instanceof MaruError && error.code === 'rate_limited' && error.params.seconds === 10,
  )
  limit.take('b')
  now += 10_000
  limit.take('a')
  assert.throws(() => limit.take('a'))
  now += 600_000
  for (let i = 0; i < 6; i += 1) limit.take('a')
  assert.throws(() => limit.take('a'))
})

test('many sources do not push out one that is limited now', () => {
  const limit = makeRateLimit(1, () => 0)
  limit.take('guesser')
  for (let i = 0; i < 49_000; i += 1) limit.take(`source ${i}`)
  assert.throws(() => limit.take('guesser'))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostName } from '#contract/ids.ts'
import { automaticWords, meterOf, rateWords } from './upstream-words.ts'

const rate = (perSecond: number, highest = perSecond) => ({
  ...{ address: '203.0.113.5', host: 'one' as HostName, upstream: 'isp', limit: 1_000 },
  ...{ perSecond, highest },
})

test('the limit is in sight whatever comes, and what is above it is longer', () => {
  assert.deepEqual(meterOf(rate(0)), { now: 0, highest: 0, limit: 80, isAbove: false })
  assert.deepEqual(meterOf(rate(500, 1_250)), { now: 40, highest: 100, limit: 80, isAbove: false })
  assert.deepEqual(meterOf(rate(10_000)), { now: 100, highest: 100, limit: 10, isAbove: true })
})

test('the same in words, with what is done without anybody', () => {
  assert.match(rateWords(rate(12_345)), /^12,345 packets a second now, .* limit is 1,000$/)
  const automatic = { perSecond: 500_000, forS: 30, minutes: 10, evenLast: false }
  assert.match(automaticWords({ automatic }), /^Above 500,000 .* for 30 s: 10 min, .*; never the last/)
  assert.match(automaticWords({ automatic: { ...automatic, evenLast: true } }), /also the last address$/)
  assert.match(automaticWords({ automatic: null }), /only people/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DetectorStats } from './eve.ts'
import { HEALTH_LIMITS, isStuck, newHealth, noteStats, problemOf } from './health.ts'

const stats = (upS: number, packets: number, dropped = 0, rulesFailed = 0): DetectorStats => ({
  ...{ upS, packets, dropped, rules: 30, rulesFailed },
})
const fresh = newHealth(0)

test('one that counts is well; one that says nothing is not, after the time that a start takes', () => {
  assert.equal(problemOf(fresh, HEALTH_LIMITS.startMs), '')
  assert.match(problemOf(fresh, HEALTH_LIMITS.startMs + 1), /said nothing since 1970/)
  const counted = noteStats(fresh, stats(5, 100), 5_000)
  assert.equal(problemOf(counted, 5_000 + HEALTH_LIMITS.silentMs), '')
  assert.match(problemOf(counted, 5_001 + HEALTH_LIMITS.silentMs), /attacks on apps go unseen/)
})

test('packets that it missed are an alarm for a while', () => {
  const before = noteStats(fresh, stats(5, 10_000), 5_000)
  const missed = noteStats(before, stats(10, 20_000, 500), 10_000)
  assert.match(problemOf(missed, 10_001), /missed 500 of 10500 packets/)
  const later = noteStats(missed, stats(15, 30_000, 500), 10_000 + HEALTH_LIMITS.rememberMs)
  assert.equal(problemOf(later, 10_000 + HEALTH_LIMITS.rememberMs), '')
})

test('a handful among many is none', () => {
  assert.equal(problemOf(noteStats(fresh, stats(5, 100, 9), 5_000), 5_001), '')
  assert.equal(problemOf(noteStats(fresh, stats(5, 1_000_000, 900), 5_000), 5_001), '')
})

test('one that was started anew counts from zero', () => {
  const old = noteStats(noteStats(fresh, stats(500, 9_000, 0), 5_000), stats(505, 9_100, 0), 10_000)
  const anew = noteStats(old, stats(3, 200, 40), 15_000)
  assert.match(problemOf(anew, 15_001), /missed 40 of 240/)
})

test('rules that it could not read are an alarm', () => {
  assert.match(problemOf(noteStats(fresh, stats(5, 1, 0, 2), 5_000), 5_001), /could not read 2 of its rules/)
})

test('one that is silent for long is made anew', () => {
  const counted = noteStats(fresh, stats(5, 100), 5_000)
  assert.equal(isStuck(counted, 5_000 + HEALTH_LIMITS.replaceMs), false)
  assert.equal(isStuck(counted, 5_001 + HEALTH_LIMITS.replaceMs), true)
})

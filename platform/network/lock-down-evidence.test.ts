import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostName } from '#contract/ids.ts'
import type { LockDown } from '#contract/network.ts'
import type { HostReports } from '#platform/workload/index.ts'
import { judgeDecision, judgeLocks } from './lock-down-evidence.ts'

const now = new Date('2030-01-07T08:00:00Z')
const kept: LockDown = { since: '2030-01-01T08:00:00.000Z', by: 'ada', until: null }
const hosts = ['east-1', 'west-1'].map((name) => ({ name: HostName.parse(name) }))

/** Reports of both hosts: what each says of itself, and how long ago (s). */
const said = (...words: [locked: boolean | undefined, agoS: number][]) =>
  new Map(
    words.map(([locked, agoS], at) => [
      hosts[at]?.name,
      { report: { filter: { locked } }, receivedAt: new Date(now.getTime() - agoS * 1000) },
    ]),
  ) as unknown as HostReports

const judge = (reports: HostReports) => judgeLocks({ hosts, reports, now })

test('locked down is where every host has said so lately', () => {
  const found = judge(said([true, 3], [true, 15]))
  assert.deepEqual([found.passed, found.facts[0]?.value], [true, '2 of 2'])
})

test('a host that does not say so, or not lately, is counted', () => {
  const told = (reports: HostReports) => {
    const { passed, summary } = judge(reports)
    assert.equal(passed, false)
    return summary
  }
  const one = '1 of the machines did not say that they are locked down.'
  assert.equal(told(said([true, 3], [false, 3])), one)
  // One of a version before does not know the word.
  assert.equal(told(said([true, 3], [undefined, 3])), one)
  assert.equal(told(said([true, 3], [true, 16])), one)
  assert.equal(told(said([true, 3])), one)
})

test('nobody is no reason to say that all are locked down', () => {
  assert.equal(judgeLocks({ hosts: [], reports: new Map(), now }).passed, false)
})

test('whether people locked the machines down, and what to type where they did not', () => {
  const decision = (lockDown: LockDown | null) => {
    const { passed, summary, facts } = judgeDecision(lockDown)
    assert.equal(/maru network lock-down try/.test(summary), !passed)
    return [passed, facts[0]?.value]
  }
  assert.deepEqual(decision(null), [false, 'not locked down'])
  assert.deepEqual(decision({ ...kept, until: '2030-01-07T08:00:30.000Z' }), [false, 'on trial'])
  assert.deepEqual(decision(kept), [true, 'locked down'])
})

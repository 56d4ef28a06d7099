import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostName } from '#contract/ids.ts'
import type { LockDown } from '#contract/network.ts'
import type { HostReports } from '#platform/workload/index.ts'
import { judgeLocks } from './lock-down-evidence.ts'

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

const judge = (lockDown: LockDown | null, reports: HostReports) =>
  judgeLocks({ lockDown, hosts, reports, now })

test('locked down is where people have kept it and every host has said so lately', () => {
  const found = judge(kept, said([true, 3], [true, 15]))
  assert.deepEqual([found.passed, found.facts[0]?.value], [true, '2 of 2'])
})

test('whatever is missing of that is said, and what to type', () => {
  const all = said([true, 3], [true, 3])
  const told = (lockDown: LockDown | null, reports: HostReports) => {
    const { passed, summary } = judge(lockDown, reports)
    assert.equal(passed, false)
    assert.match(summary, /maru network lock-down try/)
    return summary.split(/(?<=[.:]) /)[0]
  }
  assert.equal(told(null, said([false, 3], [false, 3])), 'The machines are not locked down:')
  const trial = { ...kept, until: '2030-01-07T08:00:30.000Z' }
  assert.equal(told(trial, all), 'The machines are locked down on trial only, which ends by itself.')
  const one = '1 of the machines did not say that they are locked down.'
  assert.equal(told(kept, said([true, 3], [false, 3])), one)
  // One of a version before does not know the word.
  assert.equal(told(kept, said([true, 3], [undefined, 3])), one)
  assert.equal(told(kept, said([true, 3], [true, 16])), one)
  assert.equal(told(kept, said([true, 3])), one)
})

test('nobody is no reason to say that all are locked down', () => {
  assert.equal(judgeLocks({ lockDown: kept, hosts: [], reports: new Map(), now }).passed, false)
})

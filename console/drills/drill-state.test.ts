import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DrillEntry } from '#contract/drills.ts'
import { figureText, startedFrom, stateOf, whereText } from './drill-state.ts'

const NOW = new Date('2026-03-10T12:00:00Z')
const drill = (passed: boolean | null, validUntil: string | null) =>
  ({ last: passed === null ? null : { passed }, validUntil }) as Pick<DrillEntry, 'last' | 'validUntil'>

test('a drill never ran, passed, did not pass, or passed too long ago to prove anything', () => {
  assert.equal(stateOf(drill(null, null), NOW), 'never run')
  assert.equal(stateOf(drill(true, '2026-03-11T12:00:00Z'), NOW), 'passed')
  assert.equal(stateOf(drill(true, '2026-03-10T11:59:59Z'), NOW), 'too old')
  assert.equal(stateOf(drill(false, '2026-03-10T11:59:59Z'), NOW), 'not passed')
})

test('figures stand against their limits', () => {
  assert.equal(figureText({ value: 1.3149, limit: 5, unit: 's' }), '1.31 of 5 s')
  assert.equal(figureText({ value: 0, limit: 0, unit: 'writes' }), '0 of 0 writes')
  assert.equal(figureText({ value: null, limit: 5, unit: 's' }), 'not measured, limit 5 s')
})

test('a list says from where each drill is started, and a page why not from there', () => {
  const from = (here: DrillEntry['here'], needs: DrillEntry['needs'] = null, harmless = false) =>
    startedFrom({ here, needs, harmless })
  assert.deepEqual(
    [from('yes'), from('yes', 'pair'), from('elsewhere', 'pair')],
    ['here', 'here', 'lab of hosts'],
  )
  assert.deepEqual(
    [from('outside', 'hosts'), from('outside', 'machine')],
    ['lab of hosts', 'command line of a lab'],
  )
  assert.deepEqual([from('on-request', null, true), from('no')], ['command line', 'lab only'])
  assert.deepEqual(
    [from('unknown', null, true), from('unknown'), from('unknown', 'pair')],
    ['anywhere', 'lab only', 'lab only'],
  )
  assert.match(
    whereText({ here: 'outside', needs: 'machine', carriedOutBy: 'host' }),
    /by the command line of the host/,
  )
  assert.match(
    whereText({ here: 'outside', needs: 'hosts', carriedOutBy: 'lab' }),
    /on the machine that carries a lab/,
  )
  assert.match(
    whereText({ here: 'yes', needs: 'hosts', carriedOutBy: 'lab' }),
    /the machine that carries this lab carries it out/,
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LATE, LOST, SILENCE, WHOLE } from '#drills/database-fault.ts'
import { FAULTS } from './database-faults.ts'
import { rowsOf } from './failover.ts'
import { tableOf } from './render.ts'

const seen = (silenceS: number, wholeS: number) => ({
  [SILENCE]: silenceS,
  [LOST]: 0,
  [LATE]: 0,
  [WHOLE]: wholeS,
})
const faultCalled = (text: string) =>
  FAULTS.find(({ name }) => name.startsWith(text)) ?? assert.fail(`no fault is called ${text}`)
const rowsFor = (text: string, ...values: [ours: object | undefined, others: object | undefined]) =>
  tableOf(
    rowsOf(
      faultCalled(text),
      ...(values as Parameters<typeof rowsOf> extends [unknown, ...infer R] ? R : never),
    ),
  )

test('each fault has a row for Maru’s settings and one for Patroni’s own, and what the first is of the second', () => {
  assert.deepEqual(rowsFor('kill -9 of the primary’s server', seen(1, 7), seen(10, 20)).rows, [
    ['kill -9 of the primary’s server', '1 s', '0 writes', '0 writes', '7 s', '0.1 ×'],
    ['kill -9 of the primary’s server, Patroni’s own settings', '10 s', '0 writes', '0 writes', '20 s', ''],
  ])
})

test('a silence that only the end of the fault ended, and a pair that stayed broken, are told as not within', () => {
  const { rows } = rowsFor('primary cannot write', seen(3, 16), seen(31.2, 120.4))
  assert.deepEqual(rows, [
    ['primary cannot write for 15 s', '3 s', '0 writes', '0 writes', '16 s'],
    [
      'primary cannot write for 30 s, Patroni’s own settings',
      'not within 30 s',
      '0 writes',
      '0 writes',
      'not within 120 s',
    ],
  ])
})

test('a fault of which one kind was not measured has the other’s row', () => {
  assert.deepEqual(
    rowsFor('standby lost', undefined, seen(2, 3)).rows.map(([row]) => row),
    ['standby lost, Patroni’s own settings'],
  )
  assert.equal(rowsFor('standby lost', undefined, undefined).rows.length, 0)
})

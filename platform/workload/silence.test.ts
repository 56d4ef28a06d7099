import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeListener, silenceByClock } from './silence.ts'
import type { ReceivedReport } from './store.ts'

const AT = new Date('2026-01-01T00:00:00Z')
const after = (seconds: number) => new Date(AT.getTime() + seconds * 1000)
/** What was heard of hosts, by the clock of whoever wrote it down. */
const reports = (heard: Readonly<Record<string, Date>>) =>
  new Map(
    Object.entries(heard).map(([host, receivedAt]) => [
      host,
      { receivedAt, notedAt: receivedAt } as ReceivedReport,
    ]),
  )

/** A listener with a steady clock that the test sets. */
function listening() {
  let steadyMs = 1000
  const listen = makeListener(() => steadyMs)
  return (passedS: number, heard: Readonly<Record<string, Date>>, now = AT) => {
    steadyMs += passedS * 1000
    return Object.fromEntries(listen(reports(heard), now))
  }
}

test('silence is counted from look to look, until there is something new', () => {
  const look = listening()
  assert.deepEqual(look(0, { a1: AT, b1: AT }), { a1: 0, b1: 0 })
  assert.deepEqual(look(5, { a1: after(5), b1: AT }), { a1: 0, b1: 5 })
  assert.deepEqual(look(6, { a1: after(5), b1: AT }), { a1: 6, b1: 11 })
  assert.deepEqual(look(1, { a1: after(5), b1: after(12) }), { a1: 7, b1: 0 })
})

test('a clock that jumps, or is not the one that wrote a report down, makes no host silent', () => {
  const look = listening()
  look(0, { a1: AT, b1: AT })
  assert.deepEqual(look(1, { a1: AT, b1: AT }, after(3600)), { a1: 1, b1: 1 })
  // The first report after the jump: the others have not come yet.
  assert.deepEqual(look(1, { a1: after(3602), b1: AT }, after(3602)), { a1: 0, b1: 2 })
  assert.deepEqual(look(1, { a1: after(-300), b1: AT }, after(3603)), { a1: 0, b1: 3 })
})

test('who stood still, or could not look for want of the database, did not listen meanwhile', () => {
  const look = listening()
  look(0, { a1: AT })
  assert.deepEqual(look(600, { a1: AT }), { a1: 10 })
  assert.deepEqual(look(5, { a1: AT }), { a1: 15 })
})

test('nobody was silent while nobody listened, and who is back after it was removed begins anew', () => {
  const look = listening()
  assert.deepEqual(look(60, { a1: AT }, after(600)), { a1: 0 })
  look(5, {})
  assert.deepEqual(look(5, { a1: AT }), { a1: 0 })
})

test('who looks once goes by the clock', () =>
  assert.deepEqual([...silenceByClock(reports({ a1: AT }), after(31))], [['a1', 31]]))

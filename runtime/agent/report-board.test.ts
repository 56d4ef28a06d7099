import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeReportBoard } from './report-board.ts'

const empty = {
  host: 'h',
  generation: 0,
  problem: '',
  components: [],
  instances: [],
  disk: null,
  memoryMb: null,
  runsApps: true,
  certificatesWanted: 0,
  missingImages: [],
  filter: null,
}
const at = (ms: number) => new Date(1_000_000 + ms)
const never = new AbortController().signal

test('a waiter gets the next report that says something new', async () => {
  const board = makeReportBoard(empty, at(0))
  const { sequence } = board.latest()
  const waiting = board.wait(sequence, 60_000, never)
  board.publish(empty, at(100))
  assert.equal(board.latest().sequence, sequence)
  board.publish({ ...empty, generation: 1 }, at(200))
  const report = await waiting
  assert.equal(report.generation, 1)
  assert.equal(report.sequence, sequence + 1)
})

test('the same content is renewed after a while', () => {
  const board = makeReportBoard(empty, at(0))
  const { sequence } = board.latest()
  board.publish(empty, at(6_000))
  assert.equal(board.latest().sequence, sequence + 1)
})

test('a wait ends with the latest report when time is up or the caller has left', async () => {
  const board = makeReportBoard(empty, at(0))
  const { sequence } = board.latest()
  assert.equal((await board.wait(sequence, 1, never)).sequence, sequence)
  const left = new AbortController()
  const waiting = board.wait(sequence, 60_000, left.signal)
  left.abort()
  assert.equal((await waiting).sequence, sequence)
})

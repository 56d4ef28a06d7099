import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isStuck,
  newReaderHealth,
  noteBegin,
  noteEnd,
  noteLook,
  parseReading,
  problemOf,
  READER_LIMITS,
} from './packet-log-health.ts'

const NOW = Date.parse('2030-01-01T12:00:00Z')
const GROUPS = ' 4242  71302     0 2 65535      0  1\n 5000  71400     0 2 65535      0  1\n'
const SOCKETS = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
0000000062cbeb73 0   71302      00000000 0        0        0     2        7        4
00000000290d96b3 12  71302      00000000 4352     0        0     2        31       1590
00000000290d96b4 12  0          00000000 0        0        0     2        0        1591
`
const works = noteBegin(newReaderHealth())

test('the socket of a group is found, with what waits in it and what it lost', () => {
  assert.deepEqual(parseReading(GROUPS, SOCKETS, 4242), { lost: 31, waiting: 4352 })
  assert.equal(parseReading(GROUPS, SOCKETS, 424), undefined)
  assert.equal(parseReading(GROUPS, SOCKETS, 5000), undefined)
})

test('one that is not there, or whose socket nobody has, is an alarm', () => {
  assert.match(problemOf(newReaderHealth(), NOW), /not read yet/)
  assert.equal(problemOf(works, NOW), '')
  assert.match(problemOf(noteLook(works, undefined, 5, NOW), NOW), /Nobody takes the packets/)
})

test('packets that it lost are told of, all together, for ten minutes', () => {
  const first = noteLook(works, { lost: 31, waiting: 0 }, 5, NOW)
  assert.match(
    problemOf(first, NOW),
    /too slow and lost 31 packets since 2030-01-01T12:00:00.000Z: who searched or attacked/,
  )
  const more = noteLook(first, { lost: 40, waiting: 0 }, 6, NOW + 60_000)
  assert.match(problemOf(more, NOW + 60_000), /lost 40 packets since 2030-01-01T12:00:00/)
  assert.notEqual(problemOf(more, NOW + 60_000 + READER_LIMITS.rememberMs - 1), '')
  assert.equal(problemOf(more, NOW + 60_000 + READER_LIMITS.rememberMs), '')
})

test('one that ended is told of until long after another has begun', () => {
  const ended = noteEnd(works, 'The reader of the packet log ended.', NOW)
  assert.equal(problemOf(ended, NOW), 'The reader of the packet log ended.')
  const again = noteLook(noteBegin(ended), { lost: 0, waiting: 0 }, 5, NOW + 5_000)
  assert.match(problemOf(again, NOW + 5_000), /had ended at 2030-01-01T12:00:00.000Z and was started again/)
  assert.equal(problemOf(again, NOW + READER_LIMITS.rememberMs), '')
})

test('one that takes nothing of what waits is told of, and then ended; a busy one is left alone', () => {
  let idle = noteLook(works, { lost: 0, waiting: 900 }, 7, NOW)
  for (let n = 0; n < READER_LIMITS.idleLooks; n++) {
    assert.equal(isStuck(idle), false)
    idle = noteLook(idle, { lost: 0, waiting: 900 }, 7, NOW)
  }
  assert.equal(isStuck(idle), true)
  assert.match(problemOf(idle, NOW), /takes none of the packets that wait/)
  let busy = works
  for (let n = 0; n < 10; n++) busy = noteLook(busy, { lost: 0, waiting: 900 }, n, NOW)
  assert.deepEqual([isStuck(busy), problemOf(busy, NOW)], [false, ''])
})

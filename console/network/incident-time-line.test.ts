import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IncidentEntry } from '#contract/detection.ts'
import type { EventKind } from '#contract/guard.ts'
import type { HostName } from '#contract/ids.ts'
import { timeLineOf, timeLineWords } from './incident-time-line.ts'

const NOW_MS = Date.parse('2030-01-07T08:00:00.000Z')
const at = (second: number) => new Date(NOW_MS + second * 1_000).toISOString()
const entry = (
  uid: string,
  kind: EventKind,
  from: number,
  to = from,
  disposition: IncidentEntry['disposition'] = 'Logged',
) => ({
  ...{ host: 'one' as HostName, uid, kind, disposition },
  ...{ start_time: at(from), end_time: at(to) },
})
const ENTRIES = [
  entry('a', 'scan', 0, 30, 'Blocked'),
  entry('b', 'web attack', 60),
  entry('c', 'scan', 90, 120, 'Blocked'),
]

test('each kind is a row, in the order in which they began, from the first moment to the last', () => {
  const { lanes } = timeLineOf(ENTRIES)
  assert.deepEqual(
    lanes.map(({ kind, marks }) => [kind, marks.map(({ from, to }) => [from, to])]),
    [
      [
        'scan',
        [
          [3, 26.5],
          [73.5, 97],
        ],
      ],
      ['web attack', [[50, 50]]],
    ],
  )
  assert.deepEqual(
    lanes.map(({ marks }) => marks.map(({ isStopped }) => isStopped)),
    [[true, true], [false]],
  )
})

test('the axis has few marks at round times, whatever the length', () => {
  const marks = (toS: number) => timeLineOf([entry('a', 'scan', 0, toS)]).ticks.map(({ text }) => text)
  assert.deepEqual(marks(0), ['08:00:00', '08:00:05', '08:00:10'])
  assert.deepEqual(marks(120), ['08:00', '08:01', '08:02'])
  assert.deepEqual(marks(3_000), ['08:00', '08:15', '08:30', '08:45'])
  assert.deepEqual(marks(2 * 86_400).at(-1), '01-09')
  for (const length of [0, 7, 61, 599, 3_599, 90_000, 40 * 86_400]) {
    const { ticks } = timeLineOf([entry('a', 'scan', 1, length + 1)])
    assert.ok(ticks.length >= 1 && ticks.length <= 5, `${ticks.length} marks for ${length} s`)
    for (const { at: place } of ticks) assert.ok(place >= 3 && place <= 97)
  }
})

test('the picture has the same words for whoever does not see it', () => {
  assert.equal(
    timeLineWords(ENTRIES),
    'Time line. scan: 2 events, 2 stopped; web attack: 1 event, 0 stopped. The list below says the same.',
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import { sampleResult } from './test-result.ts'
import { renderTimeLine } from './time-line.ts'
import { makeScale, secondsText, ticksOf } from './time-line-scale.ts'
import { renderTimeLineText } from './time-line-text.ts'

const line = (result = sampleResult()) => result.timeLine ?? assert.fail('no time line')

test('a time line is drawn as the committed picture', () => {
  assertGolden(import.meta.dirname, 'time-line.svg', renderTimeLine(sampleResult()) ?? '')
})

test('a time line without a ledger, in one scheme or in a page', () => {
  const { ledger: _, ...without } = sampleResult({ passed: false })
  assertGolden(import.meta.dirname, 'time-line-dark.svg', renderTimeLine(without, 'dark') ?? '')
  const inPage = renderTimeLine(without, 'page') ?? ''
  assert.ok(!/<style| id=/.test(inPage))
})

test('who cannot see the picture is told the same', () => {
  const picture = renderTimeLine(sampleResult()) ?? ''
  assert.match(picture, /<title[^>]*>Time line of database-primary-dies<\/title>/)
  assert.match(picture, /<desc[^>]*>.*detection at 0\.42 s.*heal at 6\.20 s.*301 acknowledged writes, 0 lost/)
})

test('no text becomes markup', () => {
  const hostile = '</text><script>'
  const marks = [{ label: hostile, atS: 0, source: null }]
  const picture = renderTimeLine(
    sampleResult({ drill: hostile, result: hostile, timeLine: { ...line(), marks } }),
  )
  assert.ok(!picture?.includes('<script'))
})

test('a result without moments has no picture', () => {
  assert.equal(renderTimeLine(sampleResult({ timeLine: undefined })), undefined)
  assert.equal(renderTimeLine(sampleResult({ timeLine: { ...line(), marks: [] } })), undefined)
  assert.equal(renderTimeLineText({ ...line(), marks: [] }), '')
})

test('in a terminal it is a line for each moment, as wide as there is room', () => {
  assert.equal(
    renderTimeLineText(line(), 60),
    `fault          0.00 s  ●
detection      0.42 s  ──●
decision       0.93 s  ─────●
first success  1.30 s  ────────●
heal           6.20 s  ────────────────────────────────────●
`,
  )
  for (const width of [40, 80, 300])
    for (const row of renderTimeLineText(line(), width).split('\n'))
      assert.ok(row.length <= width, `${row.length}`)
})

test('moments before the fault have their place, too', () => {
  const marks = [
    { label: 'warned', atS: -2, source: null },
    { label: 'fault', atS: 0, source: null },
  ]
  assert.match(
    renderTimeLineText({ ...line(), marks }, 60),
    /^warned {2}-2\.00 s {2}●\nfault {4}0\.00 s {2}─+●\n$/,
  )
})

test('ticks are round numbers, whatever the span', () => {
  const track = { from: 0, to: 100 }
  assert.deepEqual(ticksOf(makeScale([0, 6.2], track)), [0, 2, 4, 6])
  assert.deepEqual(ticksOf(makeScale([0, 0.42], track)), [0, 0.1, 0.2, 0.3, 0.4])
  assert.deepEqual(ticksOf(makeScale([-3, 240], track)), [0, 50, 100, 150, 200])
  for (const last of [0, 0.001, 1, 59, 3600, 1e6]) {
    const ticks = ticksOf(makeScale([0, last], track))
    assert.ok(ticks.length >= 2 && ticks.length <= 7, `${last}: ${ticks}`)
  }
})

test('times have as many digits as tell something', () => {
  assert.deepEqual([0, 0.42, 12.44, -0.5, 125.2].map(secondsText), [
    '0 s',
    '0.42 s',
    '12.4 s',
    '-0.50 s',
    '125 s',
  ])
})

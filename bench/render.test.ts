import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderPerformance, renderTerminal, tableOf } from './render.ts'
import { BenchReport, differenceOf, figureOf, mergeReports, ratioOf } from './report.ts'

const maru = [3.4, 3.2, 4.1]
const bare = [1.3, 1.2, 1.4]
const FIGURES = [
  figureOf('maru deploy', 'until it answers', 's', maru),
  figureOf('docker', 'until it answers', 's', bare),
  differenceOf('maru against docker', 'until it answers', 's', maru, bare),
  ratioOf('maru against docker', 'ratio', maru, bare),
]
const REPORT: BenchReport = {
  at: '2026-01-02T03:04:05.000Z',
  commit: 'abc1234',
  quick: false,
  seconds: 123.4,
  machine: {
    processor: 'A processor',
    processors: 2,
    memoryMb: 2048,
    kernel: '6.1',
    system: 'Debian GNU/Linux 12',
    engine: '20.10',
    node: '26.0.0',
    loadBefore: 0.5,
  },
  results: [
    { name: 'deploy', title: 'Deploy', method: 'Pairs.', figures: FIGURES, skipped: null },
    { name: 'console', title: 'Console', method: 'A browser.', figures: [], skipped: 'there is none' },
  ],
}

test('figures stand in a table by row and column, with median and range', () => {
  assert.deepEqual(tableOf(FIGURES), {
    head: ['', 'until it answers', 'ratio'],
    rows: [
      ['maru deploy', '3.4 s (3.2 to 4.1)', ''],
      ['docker', '1.3 s (1.2 to 1.4)', ''],
      ['maru against docker', '+2.1 s', '2.67 × (2.62 to 2.93)'],
    ],
  })
})

test('a ratio of many turns says what its median lies within, and the document what that means', () => {
  const turns = [0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.7, 1.3, 0.96, 0.89]
  const ratio = ratioOf('one against another', 'ratio', turns, Array(10).fill(1))
  assert.deepEqual(tableOf([ratio]).rows, [
    ['one against another', '0.925 × (0.89 to 0.96; single 0.7 to 1.3)'],
  ])
  const result = { name: 'turns', title: 'Turns', method: 'Many.', figures: [ratio], skipped: null }
  const report = BenchReport.parse({ ...REPORT, results: [result] })
  assert.match(renderPerformance(report), /with a confidence of 95 %/)
  assert.doesNotMatch(renderPerformance(REPORT), /confidence/)
})

test('the document names the machine, the commit, every figure and what was not measured', () => {
  const text = renderPerformance(REPORT)
  assert.match(text, /at commit abc1234/)
  assert.match(text, /\| Processor \| A processor, 2 cores \|/)
  assert.match(text, /\| maru deploy \| 3\.4 s \(3\.2 to 4\.1\) \|/)
  assert.match(text, /## Console\n\nA browser\.\n\nNot measured: there is none\./)
})

test('what had not come to its end is no figure like the others, and a part that has none is named with its reason', () => {
  const figures = [
    figureOf('a dead one', 'silence', 's', [2.5]),
    { row: 'a full one', column: 'silence', value: 60, unit: 's', isNotWithin: true },
  ]
  const missing = [{ what: 'a frozen one', reason: 'nobody was there.', failed: true }]
  const result = {
    name: 'failover',
    title: 'Failover',
    method: 'Once each.',
    figures,
    skipped: null,
    missing,
  }
  const report = BenchReport.parse({ ...REPORT, results: [result] })
  const text = renderPerformance(report)
  assert.match(text, /\| a dead one \| 2\.5 s \|\n\| a full one \| not within 60 s \|/)
  assert.match(text, /\n\nNot measured: a frozen one: nobody was there\.\n/)
  assert.match(renderTerminal(report), /a full one +not within 60 s\n {2}not measured: a frozen one: nobody/)
  const nothing = renderPerformance({ ...REPORT, results: [{ ...result, figures: [] }] })
  assert.match(nothing, /Once each\.\n\nNot measured: a frozen one: nobody was there\.\n/)
})

test('the terminal shows the same figures', () => {
  const text = renderTerminal(REPORT)
  assert.match(text, /maru deploy +3\.4 s/)
  assert.match(text, /not measured: there is none/)
})

test('a part that was measured alone stands in place of the older one and says when it was measured', () => {
  const part = {
    ...REPORT,
    at: '2026-02-03T04:05:06.000Z',
    commit: 'def5678',
    results: [
      { name: 'console', title: 'Console', method: 'A browser.', figures: FIGURES, skipped: null },
      { name: 'late', title: 'Late', method: 'New.', figures: FIGURES, skipped: null },
    ],
  }
  const merged = mergeReports(REPORT, part)
  assert.deepEqual(
    merged.results.map(({ name, figures }) => [name, figures.length]),
    [
      ['deploy', 4],
      ['console', 4],
      ['late', 4],
    ],
  )
  const text = renderPerformance(merged)
  assert.match(text, /on 2026-01-02 03:04 UTC, at commit abc1234/)
  assert.match(
    text,
    /A browser\.\n\nMeasured apart from the rest on 2026-02-03 04:05 UTC, at commit def5678; load/,
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Evidence, TrustReport } from '#contract/trust.ts'
import { judgePromises } from './judge.ts'
import { renderTrustPage } from './page.ts'

const NOW = new Date('2026-03-10T12:00:00Z')
const HOSTILE = '<script>alert("1")</script>'

const evidence: Evidence = {
  source: 'check',
  name: 'edge.tls',
  promises: ['CUS-1'],
  at: '2026-03-10T11:57:00.000Z',
  passed: true,
  summary: HOSTILE,
  facts: [{ name: HOSTILE, value: `" onload="x` }],
  durationMs: 12,
  validS: 600,
}
const promises = judgePromises([evidence], NOW)
const report: TrustReport = {
  at: NOW.toISOString(),
  installation: HOSTILE,
  version: '1.2.3',
  kept: promises.filter(({ state }) => state === 'kept').length,
  promises,
}
const page = renderTrustPage(report)

test('every promise stands there, kept with its evidence and its age, or not yet with its reason', () => {
  for (const { id } of promises) assert.ok(page.includes(`id="${id}"`), id)
  const card = /<article[^>]* id="CUS-1".*?<\/article>/s.exec(page)?.[0] ?? ''
  assert.match(card, /✓ Kept/)
  assert.match(card, /3 min ago/)
  assert.match(card, /10 Mar 2026, 11:57:00 UTC/)
  const other = /<article[^>]* id="BAK-1".*?<\/article>/s.exec(page)?.[0] ?? ''
  assert.match(other, /○ Not yet kept/)
  assert.match(other, /There are no backups yet\./)
})

test('the count is the number of cards that say kept', () => {
  assert.equal(page.match(/✓ Kept/g)?.length, report.kept)
  assert.ok(page.includes(`${report.kept} <small>of ${promises.length} kept now</small>`))
})

test('no text becomes markup, and there is no script', () => {
  assert.ok(!page.includes('<script'))
  assert.ok(!page.includes('onload="x'))
  assert.ok(page.includes('&lt;script&gt;'))
})

test('anchors are different, and every link inside the page leads somewhere', () => {
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
  assert.equal(new Set(ids).size, ids.length)
  for (const [, target = ''] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(target), target)
})

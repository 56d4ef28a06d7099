import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incident } from '#contract/detection.ts'
import { type IncidentWatch, watchIncidents, withoutNews } from './incident-news.ts'

const NOW_MS = Date.parse('2030-01-07T08:00:00.000Z')
const at = (second: number) => new Date(NOW_MS + second * 1_000).toISOString()
const incident = (id: string, second: number, severity = 4): Incident => ({
  ...{ id: `inc_${id}`, state: 'open', who: '203.0.113.7', title: id, severity, count: 1 },
  ...{ openedAt: at(second), lastAt: at(second), closedAt: null },
  ...{ hosts: ['one'], apps: ['shop'], kinds: ['web attack'] },
})
const watch = (...seen: ReadonlyArray<readonly Incident[]>) =>
  seen.reduce<IncidentWatch | undefined>(
    (before, open, index) => watchIncidents(before, open, NOW_MS + index * 1_000),
    undefined,
  )
const news = (watched: IncidentWatch | undefined) => watched?.news.map(({ title }) => title)

test('what goes on when the page opens is no news; what begins then is, the newest first', () => {
  const [old, first, second] = [incident('old', -300), incident('first', 5), incident('second', 9)]
  assert.deepEqual(news(watch([old])), [])
  assert.deepEqual(news(watch([old], [first, old], [second, first, old])), ['second', 'first'])
})

test('the same list again tells of nothing twice', () => {
  const first = incident('first', 5)
  assert.deepEqual(news(watch([], [first], [first])), ['first'])
})

test('what is not serious is no news until it becomes so', () => {
  const small = incident('small', 5, 3)
  assert.deepEqual(news(watch([], [small])), [])
  assert.deepEqual(news(watch([], [small], [{ ...small, severity: 5 }])), ['small'])
})

test('an old one that comes back into the list is no news', () => {
  assert.deepEqual(news(watch([], [incident('old', -300)])), [])
})

test('one that is over stays until somebody knows of it', () => {
  const [first, second] = [incident('first', 5), incident('second', 6)]
  const watched = watch([], [second, first], [])
  assert.deepEqual(news(watched), ['second', 'first'])
  assert.ok(watched)
  assert.deepEqual(news(withoutNews(watched, first.id)), ['second'])
  assert.deepEqual(news(watchIncidents(withoutNews(watched), [first, second], NOW_MS + 9_000)), [])
})

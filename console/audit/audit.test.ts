import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditRoutes } from '#contract/audit.ts'
import { wordsOf } from './act-links.ts'
import { auditQueryOf, PAGE, parseAuditSearch } from './audit-search.ts'

test('an address says what is shown; what it says wrongly is left out', () => {
  const search = { who: 12, action: ' apps. ', on: '', result: 'lost', from: '2030-01-07', to: '2030-02-31x' }
  assert.deepEqual(parseAuditSearch(search), { who: '12', action: 'apps.', from: '2030-01-07' })
  assert.deepEqual(parseAuditSearch({ before: '7', result: 'refused' }), { before: 7, result: 'refused' })
  assert.deepEqual(parseAuditSearch({ before: -1 }), {})
})

test('a day is asked for to its end, and one more than a page', () => {
  const query = auditQueryOf({ from: '2030-01-07', to: '2030-01-07', who: 'ada' })
  assert.deepEqual(query, {
    who: 'ada',
    since: '2030-01-07T00:00:00.000Z',
    until: '2030-01-08T00:00:00.000Z',
    limit: PAGE + 1,
  })
  assert.ok(auditRoutes.list.query.safeParse(query).success)
})

test('what an act was about leads to its page, and what is gone nowhere', () => {
  const words = (action: string, on: Record<string, string>, answer = {}) =>
    wordsOf({ action, on, told: {}, answer }).map(({ text, link }) => [text, link?.to])
  const id = 'op_abcdefgh'
  assert.deepEqual(words('apps.deploy', { app: 'shop' }, { id }), [
    ['shop', '/apps/$app'],
    [id, '/apps/$app/operations/$operation'],
  ])
  assert.deepEqual(words('apps.destroy', { app: 'shop' }), [['shop', undefined]])
  assert.deepEqual(words('guard.lift', { source: '192.0.2.1' }), [['192.0.2.1', '/platform/network/blocks']])
  assert.deepEqual(words('network.allow', {}, { ports: ['443'] }), [['["443"]', undefined]])
})

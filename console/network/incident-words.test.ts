import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type IncidentEntry, whoWords } from '#contract/detection.ts'
import type { HostName } from '#contract/ids.ts'
import { parseIncidentsSearch } from './incident-search.ts'
import { attackerOf, entryWords, momentWords, severityWord, spanWords, stateWord } from './incident-words.ts'

const entry = (more: Partial<IncidentEntry>): IncidentEntry => ({
  ...{ host: 'one' as HostName, uid: 'x', kind: 'web attack', count: 1, severity_id: 4, rule: null },
  ...{ start_time: '2030-01-07T08:00:00.000Z', end_time: '2030-01-07T08:00:00.000Z' },
  ...{ disposition: 'Logged', app: null, target_app: 'shop', message: 'm' },
  ...more,
})

test('an address says which incidents are shown; what it says wrongly is left out', () => {
  assert.deepEqual(parseIncidentsSearch({ state: 'open', other: 1 }), { state: 'open' })
  assert.deepEqual(parseIncidentsSearch({ state: 'sleeping' }), {})
})

test('how bad it is, whether it goes on, who it was and when are told in words', () => {
  assert.deepEqual([1, 3, 5].map(severityWord), ['note', 'medium', 'critical'])
  assert.deepEqual([stateWord({ state: 'open' }), stateWord({ state: 'closed' })], ['goes on', 'ended'])
  assert.deepEqual(
    [whoWords({ who: 'app:shop' }), whoWords({ who: 'many' })],
    ['the app shop', 'many senders'],
  )
  assert.equal(momentWords('2030-01-07T08:00:00.123Z'), '2030-01-07 08:00:00 UTC')
})

test('a moment alone is told once', () => {
  const span = (second: string) =>
    spanWords({ openedAt: '2030-01-07T08:00:00.100Z', lastAt: `2030-01-07T08:00:${second}Z` })
  assert.equal(span('00.900'), '2030-01-07 08:00:00 UTC')
  assert.equal(span('07.000'), '2030-01-07 08:00:00 UTC to 2030-01-07 08:00:07 UTC')
})

test('an address and a network can be shut out, an app and a crowd cannot', () => {
  const sources = ['203.0.113.7', '2001:db8:1::/64', 'app:shop', 'many'].map((who) =>
    attackerOf({ who, kinds: ['scan'] }),
  )
  assert.deepEqual(sources, ['203.0.113.7', '2001:db8:1::/64', undefined, undefined])
})

test('a thing of an incident says how often, where, whose, and whether it was stopped', () => {
  assert.equal(entryWords(entry({})), 'once, on one, at the app shop, only recorded')
  const sent = entry({ count: 1_200, app: 'shop', target_app: null, disposition: 'Blocked' })
  assert.equal(entryWords(sent), '1,200 times, on one, by the app shop, stopped')
  assert.equal(entryWords(entry({ target_app: null })), 'once, on one, only recorded')
})

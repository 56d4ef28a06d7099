import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Crowd, EDGE_LIMITS } from '#platform/edge/index.ts'
import { type AllCounted, countCrowds, judgeCrowds } from './crowding.ts'

const NOW = Date.parse('2030-01-07T08:00:00Z')
const LIMIT = EDGE_LIMITS.unendedPerSource
const ADDRESS = '203.0.113.7'
const seen = (more: Partial<Crowd>): Crowd => ({
  ...{ address: ADDRESS, tooMany: 0, tooFast: 0, tooOften: 0, unended: 0 },
  ...more,
})

/** What an agent knows that saw nobody yet. */
const NOTHING: AllCounted = new Map()

/** One look after the other, three seconds apart; gives how often what has grown at each. */
function looks(all: ReadonlyArray<readonly Crowd[]>, before?: AllCounted) {
  let counted = before
  return all.map((crowds, at) => {
    const now = countCrowds(crowds, counted, NOW + at * 3_000)
    counted = now.counted
    return now.grown.map(({ reason, times }) => `${reason} ${times}`)
  })
}

test('what was refused counts once, also after an edge that counts anew', () => {
  const refused = [{ tooMany: 5 }, { tooMany: 5 }, { tooMany: 9, tooFast: 1 }, { tooMany: 2, tooOften: 4 }]
  assert.deepEqual(
    looks(
      refused.map((more) => [seen(more)]),
      NOTHING,
    ),
    [['tooMany 5'], [], ['tooMany 4', 'tooFast 1'], ['tooMany 2', 'tooOften 4']],
  )
})

test('what is there when the agent begins is not told again', () => {
  assert.deepEqual(looks([[seen({ tooMany: 5 })], [seen({ tooMany: 6 })]]).flat(), ['tooMany 1'])
  const began = countCrowds([seen({ tooMany: 5, unended: 900 })], undefined, NOW)
  assert.deepEqual(began.grown, [])
})

test('many requests that do not end are told of, spread over some looks too; a few in every while are not', () => {
  const unended = (...counts: number[]) =>
    looks(
      counts.map((count) => [seen({ unended: count })]),
      NOTHING,
    )
  assert.deepEqual(unended(0, LIMIT, LIMIT, 2 * LIMIT).flat(), [`unended ${LIMIT}`, `unended ${LIMIT}`])
  assert.deepEqual(unended(0, LIMIT / 2, LIMIT).flat(), [`unended ${LIMIT}`])
  // A source that was let be for hours has some, and one that a bad network cuts off gets some all the time.
  assert.deepEqual(unended(700, 700).flat(), [])
  assert.deepEqual(unended(...Array.from({ length: 100 }, (_, look) => look * 10)).flat(), [])
  // An edge that counts anew.
  assert.deepEqual(unended(300, 2, 3, 2 + LIMIT).flat(), [`unended ${LIMIT}`])
})

const judge = (orders: Partial<Parameters<typeof judgeCrowds>[1]> = {}, address = ADDRESS) =>
  judgeCrowds(
    [{ address, reason: 'tooMany', times: 3 }],
    { partners: [], engagements: [], ...orders },
    ['192.0.2.10'],
    NOW,
  )

test('people are told in words who took what, and what came of it', () => {
  const all = (['tooMany', 'tooFast', 'tooOften', 'unended'] as const).map((reason) => ({
    ...{ address: '2001:db8:7::', reason, times: 3 },
  }))
  const told = judgeCrowds(all, { partners: [], engagements: [] }, [], NOW)
  assert.deepEqual(
    told.map(({ message }) => message),
    [
      '2001:db8:7::/64 wanted more than 1,000 connections to the platform at the same time; those above that were refused.',
      '2001:db8:7::/64 opened more than 5,000 connections to the platform within ten seconds; those above that were refused.',
      '2001:db8:7::/64 sent more than 30,000 requests within ten seconds; those above that were answered with 429.',
      '2001:db8:7::/64 began requests and did not end them; their connections were closed after 5 seconds at the latest.',
    ],
  )
  assert.deepEqual(
    told.map(({ kind, times, severity }) => [kind, times, severity]),
    [4, 4, 4, 3].map((severity) => ['exhaustion', 3, severity]),
  )
})

test('partners, hosts and the host itself are not judged; a test that was agreed on is told of as one', () => {
  assert.equal(judge().length, 1)
  assert.deepEqual(judge({ partners: ['203.0.113.0/24'] }), [])
  assert.deepEqual(judge({}, '192.0.2.10'), [])
  assert.deepEqual(judge({}, '127.0.0.1'), [])
  const window = { from: '2030-01-07T07:00:00Z', until: '2030-01-07T09:00:00Z' }
  const [tester] = judge({ engagements: [{ source: ADDRESS, ...window }] })
  assert.equal(tester?.agreed, true)
  assert.match(tester?.message ?? '', /agreed on\.$/)
})

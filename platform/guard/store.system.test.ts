import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { GuardReport, type MinuteCounts, type NetworkEvent } from '#contract/guard.ts'
import { makeTestDatabase, type TestDatabase } from '#runtime/server/test-database.ts'
import { loadOrders } from './orders.ts'
import {
  endEngagement,
  forgetOld,
  insertEngagement,
  listEvents,
  listReports,
  loadTraffic,
  putBlock,
  putLift,
  putPartner,
  saveGuardReport,
} from './store.ts'

let database: TestDatabase
before(async () => {
  database = await makeTestDatabase()
})
after(() => database?.close())

const NOW = new Date('2030-01-01T12:00:00.000Z')
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000)

const event = (uid: string, count: number, kind: NetworkEvent['kind'] = 'scan'): NetworkEvent => ({
  ...{ uid, kind, count, class_uid: 2004, severity_id: 3, disposition: 'Blocked' },
  ...{ start_time: NOW.toISOString(), end_time: later(count).toISOString(), protocol_name: 'tcp' },
  src_endpoint: { ip: '192.0.2.1', port: 1 },
  dst_endpoint: { ip: '192.0.2.9', port: 23 },
  ...{ app: null, message: 'm' },
})
const report = (events: NetworkEvent[], counts: MinuteCounts[] = []) =>
  GuardReport.parse({ sequence: 1, problem: '', blocks: [], events, counts })
const minute = (at: Date, judged: number, refused: number) => ({
  ...{ at: at.toISOString(), judged, refused, kept_out: 0, flooded: 1 },
})

test('an event that goes on is one event, with its newest count', async () => {
  await saveGuardReport(database.db, 'one', report([event('a', 1)]), NOW)
  await saveGuardReport(database.db, 'one', report([event('a', 5), event('b', 1, 'flood')]), NOW)
  await saveGuardReport(database.db, 'two', report([event('a', 2)]), NOW)
  const all = await listEvents(database.db, { limit: 10 })
  assert.deepEqual(all.map(({ host, event }) => `${host} ${event.uid} ${event.count}`).sort(), [
    'one a 5',
    'one b 1',
    'two a 2',
  ])
  const floods = await listEvents(database.db, { host: 'one', kind: 'flood', limit: 10 })
  assert.deepEqual(
    floods.map(({ event }) => event.uid),
    ['b'],
  )
})

test('packets of all hosts are summed up by step; a minute that is told of twice counts once', async () => {
  const first = minute(NOW, 100, 3)
  await saveGuardReport(database.db, 'one', report([], [first, minute(later(1), 50, 0)]), NOW)
  await saveGuardReport(database.db, 'one', report([], [first, minute(later(6), 7, 7)]), NOW)
  await saveGuardReport(database.db, 'two', report([], [minute(NOW, 10, 1)]), NOW)
  const all = await loadTraffic(database.db, { host: undefined, stepS: 300, since: NOW })
  assert.deepEqual(all.counts, [
    { at: NOW.toISOString(), judged: 160, refused: 4, kept_out: 0, flooded: 3 },
    { at: later(5).toISOString(), judged: 7, refused: 7, kept_out: 0, flooded: 1 },
  ])
  assert.deepEqual(all.events, [
    { at: NOW.toISOString(), kind: 'flood', count: 1 },
    { at: NOW.toISOString(), kind: 'scan', count: 2 },
  ])
  const two = await loadTraffic(database.db, { host: 'two', stepS: 60, since: NOW })
  assert.deepEqual(
    two.counts.map(({ judged }) => judged),
    [10],
  )
})

test('a host is told of what concerns it, and of nothing that is over', async () => {
  const engagement = { source: '192.0.2.7', reference: 'PT-7', starts_at: NOW, created_by: 'p' }
  await insertEngagement(database.db, { ...engagement, id: 'eng_all1', hosts: [], ends_at: later(60) })
  await insertEngagement(database.db, { ...engagement, id: 'eng_two2', hosts: ['two'], ends_at: later(90) })
  const block = { since: NOW, reason: 'r', created_by: 'p' }
  await putBlock(database.db, { ...block, source: '198.51.100.0/24', until: later(10) })
  await putBlock(database.db, { ...block, source: '203.0.113.9', until: null })
  await putPartner(database.db, { source: '192.0.2.200', reason: 'r', created_by: 'p', since: NOW })
  const orders = await loadOrders(database.db, 'one', later(5))
  assert.deepEqual(orders.partners, ['192.0.2.200'])
  assert.deepEqual(
    orders.engagements.map(({ until }) => until),
    [later(60).toISOString()],
  )
  assert.deepEqual(
    orders.blocks.map(({ source }) => source),
    ['198.51.100.0/24', '203.0.113.9'],
  )
  const after = await loadOrders(database.db, 'two', later(75))
  assert.deepEqual(
    after.engagements.map(({ until }) => until),
    [later(90).toISOString()],
  )
  assert.deepEqual(
    after.blocks.map(({ source }) => source),
    ['203.0.113.9'],
  )
})

test('an engagement that is ended is over at once, and ends once', async () => {
  assert.equal((await endEngagement(database.db, 'eng_two2', later(20)))?.reference, 'PT-7')
  assert.equal(await endEngagement(database.db, 'eng_two2', later(21)), undefined)
  assert.equal((await loadOrders(database.db, 'two', later(21))).engagements.length, 1)
})

test('who is lifted is blocked no more, and hosts are told when', async () => {
  assert.equal(await putLift(database.db, '203.0.113.9', later(30)), true)
  assert.equal(await putLift(database.db, '192.0.2.1', later(31)), false)
  const { blocks, lifted } = await loadOrders(database.db, 'one', later(31))
  assert.deepEqual(blocks, [])
  assert.deepEqual(lifted, [
    { source: '192.0.2.1', at: later(31).toISOString() },
    { source: '203.0.113.9', at: later(30).toISOString() },
  ])
})

test('what is old is forgotten, and what hosts said that are gone', async () => {
  await forgetOld(database.db, ['one'], { events: later(1), counts: later(5), over: later(40) })
  assert.deepEqual(await listEvents(database.db, { limit: 10 }), [])
  const { counts } = await loadTraffic(database.db, { host: undefined, stepS: 60, since: NOW })
  assert.deepEqual(
    counts.map(({ at }) => at),
    [later(6).toISOString()],
  )
  assert.deepEqual(
    (await listReports(database.db)).map(({ host }) => host),
    ['one'],
  )
  assert.deepEqual((await loadOrders(database.db, 'one', later(41))).lifted, [])
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { HostEvent } from '#contract/guard.ts'
import type { HostName } from '#contract/ids.ts'
import { makeTestDatabase, type TestDatabase } from '#runtime/server/test-database.ts'
import { transact } from '#runtime/server/transact.ts'
import { endQuiet } from './incidents.ts'
import { correlate } from './index.ts'
import { findIncident, listIncidents } from './store.ts'

let database: TestDatabase
before(async () => {
  database = await makeTestDatabase()
})
after(() => database?.close())

const NOW = new Date('2030-01-07T08:00:00.000Z')
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000)
const event = (uid: string, more: Partial<HostEvent> = {}): HostEvent => ({
  ...{ uid, host: 'one' as HostName, class_uid: 2004, kind: 'web attack', severity_id: 4, count: 1 },
  ...{ start_time: NOW.toISOString(), end_time: NOW.toISOString(), disposition: 'Logged' },
  src_endpoint: { ip: '203.0.113.7', port: null },
  dst_endpoint: { ip: '10.89.130.5', port: 8080 },
  ...{ protocol_name: 'tcp', app: null, target_app: 'shop', message: 'm' },
  ...more,
})
const take = (...events: HostEvent[]) => transact(database.db, (tx) => correlate(tx, events))
const all = () => listIncidents(database.db, { limit: 100 })
const only = async () => {
  const [one, ...others] = await all()
  assert.ok(one)
  assert.deepEqual(others, [])
  return one
}

test('hosts that tell of one attacker at the same moment make one incident', async () => {
  const hosts = ['one', 'two', 'three', 'four'] as HostName[]
  await Promise.all(hosts.map((host) => take(event('a', { host }), event('b', { host, kind: 'scan' }))))
  const one = await only()
  assert.deepEqual([[...one.hosts].sort(), one.count], [[...hosts].sort(), 8])
  const found = await findIncident(database.db, one.id, 5)
  assert.equal(found?.entries.length, 5)
})

test('what is told of again is counted once, and the newest is what is kept', async () => {
  const { id } = await only()
  await take(event('a', { count: 5, end_time: later(2).toISOString() }))
  const found = await findIncident(database.db, id, 500)
  assert.deepEqual([found?.incident.count, found?.incident.lastAt], [12, later(2).toISOString()])
  assert.equal(found?.entries.find(({ host, uid }) => host === 'one' && uid === 'a')?.count, 5)
})

test('it is closed when it was quiet for half an hour, and what comes then is another', async () => {
  const now = (minutes: number) => () => later(minutes)
  await endQuiet({ db: database.db, now: now(31) })
  assert.equal((await only()).state, 'open')
  await endQuiet({ db: database.db, now: now(33) })
  const closed = await only()
  assert.deepEqual([closed.state, closed.closedAt], ['closed', later(33).toISOString()])
  await take(event('c', { start_time: later(40).toISOString(), end_time: later(40).toISOString() }))
  assert.deepEqual(
    (await all()).map(({ state }) => state),
    ['open', 'closed'],
  )
  assert.equal((await listIncidents(database.db, { state: 'closed', limit: 10 })).length, 1)
})

test('old ones are forgotten with all that was in them', async () => {
  const { id } = (await listIncidents(database.db, { state: 'closed', limit: 1 }))[0] ?? { id: '' }
  await endQuiet({ db: database.db, now: () => later(91 * 24 * 60) })
  assert.equal(await findIncident(database.db, id, 1), undefined)
})

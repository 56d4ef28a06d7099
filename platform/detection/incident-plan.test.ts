import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostEvent } from '#contract/guard.ts'
import type { HostName } from '#contract/ids.ts'
import { type Known, planClosing, planIncidents } from './incident-plan.ts'

const ATTACKER = '203.0.113.7'
const at = (minute: number) => new Date(Date.UTC(2030, 0, 7, 8, minute)).toISOString()
let made = 0

function event(minute: number, more: Partial<HostEvent> = {}): HostEvent {
  return {
    uid: `e-${++made}`,
    host: 'berlin-1' as HostName,
    class_uid: 2004,
    kind: 'web attack',
    start_time: at(minute),
    end_time: at(minute),
    count: 1,
    severity_id: 4,
    disposition: 'Logged',
    src_endpoint: { ip: ATTACKER, port: null },
    dst_endpoint: { ip: '10.89.130.5', port: 8080 },
    protocol_name: 'tcp',
    app: null,
    target_app: 'shop',
    message: 'it did something',
    ...more,
  }
}

/** Plans as the control plane does, report after report, and gives what is kept in the end. */
function follow(...reports: HostEvent[][]): Known[] {
  const kept = new Map<string, Known>()
  let ids = 0
  for (const events of reports) {
    const known = [...kept.values()].map(({ incident, entries }) => ({
      incident,
      entries: entries.filter((one) => events.some(({ host, uid }) => one.host === host && one.uid === uid)),
    }))
    for (const { incident, entries } of planIncidents({ known, events }, () => `inc_${++ids}`)) {
      const others = (kept.get(incident.id)?.entries ?? []).filter(
        (one) => !entries.some(({ host, uid }) => one.host === host && one.uid === uid),
      )
      kept.set(incident.id, { incident, entries: [...others, ...entries] })
    }
  }
  return [...kept.values()]
}

test('what one attacker does is one incident, on whichever host and whoever noticed it', () => {
  const scan = event(0, { kind: 'scan', severity_id: 3, disposition: 'Blocked', target_app: null })
  const [one, ...others] = follow(
    [scan],
    [event(5)],
    [event(9, { host: 'paris-1' as HostName, kind: 'break-in', severity_id: 5, target_app: 'blog' })],
  )
  assert.equal(others.length, 0)
  assert.deepEqual(
    [one?.incident.who, one?.incident.severity, one?.incident.hosts, one?.incident.apps, one?.incident.kinds],
    [ATTACKER, 5, ['berlin-1', 'paris-1'], ['shop', 'blog'], ['scan', 'web attack', 'break-in']],
  )
  assert.deepEqual([one?.incident.openedAt, one?.incident.lastAt, one?.entries.length], [at(0), at(9), 3])
  assert.equal(one?.incident.title, `${ATTACKER} got what only insiders should see, and did 2 other things`)
})

test('two attackers are two incidents; the addresses of one IPv6 customer are one attacker', () => {
  const from = (ip: string) => event(0, { src_endpoint: { ip, port: null } })
  assert.equal(follow([from('203.0.113.7'), from('203.0.113.8')]).length, 2)
  const [one, ...others] = follow([from('2001:db8:1:2::5'), from('2001:db8:1:2::6')])
  assert.deepEqual([one?.incident.who, others.length], ['2001:db8:1:2::/64', 0])
})

test('what an app does is the app’s, whatever address it writes as its sender', () => {
  const spoof = event(0, { kind: 'spoofing', app: 'shop', target_app: null, disposition: 'Blocked' })
  const call = event(3, {
    kind: 'outbound',
    app: 'shop',
    target_app: null,
    src_endpoint: { ip: '10.89.130.5', port: 4 },
  })
  const [one, ...others] = follow([spoof], [call])
  assert.deepEqual([one?.incident.who, one?.incident.apps, others.length], ['app:shop', ['shop'], 0])
})

test('an event that is told of again has grown, and is counted once', () => {
  const first = event(0)
  const [one, ...others] = follow(
    [first],
    [{ ...first, count: 7, end_time: at(1) }],
    [{ ...first, count: 7, end_time: at(1) }],
  )
  assert.deepEqual(
    [one?.incident.count, one?.incident.lastAt, one?.entries.length, others.length],
    [7, at(1), 1, 0],
  )
})

test('after half an hour of quiet it is another incident; before that it is not', () => {
  assert.equal(follow([event(0)], [event(29)], [event(58)]).length, 1)
  assert.equal(follow([event(0)], [event(31)]).length, 2)
})

test('an event of an incident that is closed belongs to it when it is told of again', () => {
  const first = event(0)
  const [known] = follow([first])
  assert.ok(known)
  const closed = planClosing(known.incident, new Date(at(45)))
  assert.ok(closed)
  const [change, ...others] = planIncidents(
    { known: [{ incident: closed, entries: known.entries }], events: [{ ...first, count: 3 }] },
    () => 'inc_new',
  )
  assert.deepEqual([change?.incident.id, change?.isNew, others.length], [known.incident.id, false, 0])
  assert.equal(
    planIncidents({ known: [{ incident: closed, entries: [] }], events: [event(46)] }, () => 'inc_new')[0]
      ?.incident.id,
    'inc_new',
  )
})

test('what is small makes no incident, and belongs to one that goes on', () => {
  const probe = (minute: number) => event(minute, { kind: 'web probe', severity_id: 2 })
  assert.deepEqual(follow([probe(0)], [probe(3)]), [])
  assert.equal(follow([event(0)], [probe(3)])[0]?.entries.length, 2)
})

test('an agreed test and the platform’s own questions make no incident', () => {
  const agreed = event(0, { kind: 'engagement', severity_id: 1 })
  const check = event(0, { kind: 'detector check', severity_id: 1, app: null })
  assert.deepEqual(follow([agreed, check]), [])
})

test('an incident is closed after half an hour of quiet, and not before', () => {
  const [known] = follow([event(0)])
  assert.ok(known)
  assert.equal(planClosing(known.incident, new Date(at(29))), undefined)
  assert.deepEqual(
    [
      planClosing(known.incident, new Date(at(30)))?.state,
      planClosing(known.incident, new Date(at(30)))?.closedAt,
    ],
    ['closed', at(30)],
  )
})

test('a flood, a search and a full name are three incidents; what a flood fills belongs to it', () => {
  const by = (who: string, kind: HostEvent['kind'], minute: number) =>
    event(minute, { kind, src_endpoint: { ip: who, port: null }, target_app: null })
  const kept = follow(
    [by('many', 'flood', 0), by('name:api.example.org', 'memory full', 1)],
    [by('many', 'distributed scan', 2), by('many', 'memory full', 3)],
    [by('many', 'flood', 4), by('many', 'distributed scan', 5), by('name:www.example.org', 'memory full', 6)],
  )
  assert.deepEqual(
    kept.map(({ incident: { title } }) => title),
    [
      'Many senders flooded the hosts with connections, and asked for so much that a host could not remember all of it',
      'The name api.example.org has more addresses than a host could remember',
      'Many senders searched for open ports together',
      'The name www.example.org has more addresses than a host could remember',
    ],
  )
})

test('a memory that is full before the flood is told of belongs to the flood', () => {
  const by = (kind: HostEvent['kind'], minute: number) =>
    event(minute, { kind, src_endpoint: { ip: 'many', port: null }, target_app: null })
  const [one, ...others] = follow([by('memory full', 0)], [by('flood', 1)])
  assert.deepEqual([one?.incident.kinds, others.length], [['memory full', 'flood'], 0])
})

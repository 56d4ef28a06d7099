import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeEventBook } from './event-book.ts'
import { makeLongView, TOGETHER } from './long-view.ts'
import { MEMORIES, type Notice } from './names.ts'
import type { PacketNotice } from './notice.ts'

const NOW = Date.parse('2030-01-01T12:00:00Z')
const packet = (notice: Notice, second: number, source = '192.0.2.1', port = 23): PacketNotice => ({
  ...{ notice, at: NOW + second * 1_000, source, sourcePort: 1, destination: '192.0.2.9', port },
  ...{ protocol: 'tcp', link: 'eth0', card: '' },
})

test('one line for each source and kind within a minute, with a count and the ports', () => {
  const book = makeEventBook(100)
  for (const second of [0, 1, 59]) book.note(packet('hold', second, '192.0.2.1', 20 + second), null)
  book.note(packet('hold', 61), null)
  book.note(packet('flood', 61), null)
  const events = book.since(0).map(({ event }) => [event.kind, event.count])
  assert.deepEqual(events, [
    ['scan', 3],
    ['scan', 1],
    ['flood', 1],
  ])
  assert.match(book.since(0)[0]?.event.message ?? '', /20\/tcp, 21\/tcp, 79\/tcp/)
})

test('what an instance tells its neighbours is told apart from what it sends as another', () => {
  const book = makeEventBook(0)
  book.note(packet('spoof', 0, '10.89.130.7'), 'shop')
  for (const second of [1, 2])
    book.note({ ...packet('spoof', second, '10.89.130.7'), protocol: 'arp', port: null }, 'shop')
  const events = book.since(0).map(({ event }) => event)
  assert.deepEqual(
    events.map(({ kind, count, app }) => [kind, count, app]),
    [
      ['spoofing', 1, 'shop'],
      ['spoofing', 2, 'shop'],
    ],
  )
  assert.match(events[1]?.message ?? '', /10\.89\.130\.7 told its neighbours/)
})

test('who follows gets what began or changed after the number that he has', () => {
  const book = makeEventBook(100)
  book.note(packet('hold', 0), null)
  book.note(packet('trick', 0), null)
  const seen = book.number()
  book.note(packet('hold', 1), null)
  assert.deepEqual(
    book.since(seen).map(({ event }) => [event.kind, event.count]),
    [['scan', 2]],
  )
  book.bump()
  assert.deepEqual([book.since(book.number() - 1), book.number() > seen + 1], [[], true])
})

test('a crowd of forged senders is one event from its sixtieth on, and counts whole', () => {
  const book = makeEventBook(0)
  for (let n = 0; n < 1_000; n++) book.note(packet('trick', 1, `198.51.${n >> 8}.${n & 255}`), null)
  const events = book.since(0).map(({ event }) => event)
  assert.ok(events.length <= 61, `${events.length}`)
  assert.equal(
    events.reduce((sum, { count }) => sum + count, 0),
    1_000,
  )
})

test('a flood of many senders is one event within a minute, apart for what is dropped and what is let through', () => {
  const book = makeEventBook(0)
  for (let n = 0; n < 100; n++) book.note(packet('openings', n % 50, `198.51.100.${n}`, 443), null)
  for (let n = 0; n < 100; n++) book.note(packet('floods', n % 50, `198.51.100.${n}`, 53), null)
  const events = book.since(0).map(({ event }) => event)
  assert.deepEqual(
    events.map(({ kind, src_endpoint: { ip }, count, disposition, severity_id }) => [
      ...[kind, ip, count, disposition, severity_id],
    ]),
    [
      ['flood', 'many', 100, 'Logged', 4],
      ['flood', 'many', 100, 'Blocked', 4],
    ],
  )
  assert.match(events[0]?.message ?? '', /2,000 opening packets a second .* \(443\/tcp\)/)
})

test('an inside address from outside is one event within a minute, with the last address', () => {
  const book = makeEventBook(0)
  for (let n = 1; n < 200; n++) book.note(packet('forged', n % 50, `10.89.130.${n}`, 443), null)
  const [event, ...others] = book.since(0).map((one) => one.event)
  assert.deepEqual([others.length, event?.kind, event?.count, event?.app], [0, 'spoofing', 199, null])
  assert.match(event?.message ?? '', /^Somebody outside .* the last as 10\.89\.130\.199; none got in\.$/)
})

test('each memory that is full is an event of its own, in words of its own', () => {
  const book = makeEventBook(0)
  for (const second of [0, 1])
    for (const link of MEMORIES) book.note({ ...packet('full', second), link }, null)
  book.noteFullName('api.example.org', NOW)
  book.noteFullName('www.example.org', NOW)
  const events = book.since(0).map(({ event }) => event)
  assert.deepEqual(new Set(events.map(({ kind }) => kind)), new Set(['memory full']))
  assert.equal(new Set(events.map(({ message }) => message)).size, MEMORIES.length + 2)
  assert.equal(events.length, MEMORIES.length + 2)
  assert.match(events.at(-1)?.message ?? '', /www\.example\.org/)
  assert.deepEqual(
    new Set(events.map(({ src_endpoint }) => src_endpoint.ip)),
    new Set(['many', 'name:api.example.org', 'name:www.example.org']),
  )
})

test('a protocol without ports is named as that', () => {
  const book = makeEventBook(0)
  book.note({ ...packet('hold', 0), port: null, protocol: '47' }, null)
  assert.match(book.since(0)[0]?.event.message ?? '', /\(protocol 47\)/)
})

test('an instance that searches is told of with its app', () => {
  const book = makeEventBook(0)
  book.note(packet('inside', 0, '10.89.128.30'), 'shop')
  assert.deepEqual(
    book.since(0).map(({ event }) => [event.kind, event.app]),
    [['instance scan', 'shop']],
  )
})

test('single questions for closed ports are no event, but the reason when somebody is held', () => {
  const book = makeEventBook(0)
  book.note(packet('probe', 0, '2001:db8::7', 22), null)
  assert.deepEqual(book.since(0), [])
  assert.match(book.reasonOf('2001:db8::') ?? '', /the last 22\/tcp/)
})

test('one closed port every half hour is found within the day; the same few again and again are not', () => {
  const view = makeLongView()
  const search = Array.from({ length: 13 }, (_, n) =>
    view.note(packet('probe', n * 1_800, '192.0.2.1', 100 + n)),
  )
  assert.deepEqual(
    search.slice(0, 12).map(({ wanted }) => wanted),
    Array(12).fill(undefined),
  )
  assert.match(search[12]?.wanted?.reason ?? '', /13 closed ports within a day/)
  const same = Array.from({ length: 200 }, (_, n) =>
    view.note(packet('probe', n * 3_600, '192.0.2.2', 100 + (n % 5))),
  )
  assert.ok(same.every(({ wanted }) => wanted === undefined))
})

test('a search that is spread over a network is told of, once, and nobody is held for it', () => {
  const view = makeLongView()
  const all = Array.from({ length: TOGETHER.ports * 2 }, (_, n) =>
    view.note(packet('probe', n, `192.0.2.${10 + (n % 20)}`, 1_000 + n)),
  )
  const told = all.flatMap(({ together }) => (together === undefined ? [] : [together]))
  assert.deepEqual(told, [{ network: '192.0.2.0/24', sources: 20, ports: TOGETHER.ports }])
  assert.ok(all.every(({ wanted }) => wanted === undefined))
})

test('what the detector finds is one line for each source, rule and app within a minute', () => {
  const book = makeEventBook(1_000)
  const rule = { uid: '7000001', title: 'SQL', desc: 'means' }
  const finding = (topic: string, at: number, source = '203.0.113.7') => ({
    ...{ kind: 'web attack' as const, severity: 4, topic, source, sourcePort: null, at, rule },
    ...{
      destination: '10.77.130.5',
      port: 8080,
      protocol: 'tcp',
      app: null,
      target: 'shop',
      message: `m${topic}`,
    },
  })
  for (const [topic, at] of [
    ['a', 0],
    ['a', 10],
    ['b', 20],
    ['a', 30],
    ['a', 61_000],
  ] as const)
    book.noteFinding(finding(topic, at))
  const events = book
    .since(0)
    .map(({ event }) => [event.message, event.count, event.target_app, event.finding_info?.uid])
  assert.deepEqual(events, [
    ['mb', 1, 'shop', '7000001'],
    ['ma', 3, 'shop', '7000001'],
    ['ma', 1, 'shop', '7000001'],
  ])
  for (let at = 0; at < 500; at++) book.noteFinding(finding('a', 61_500, `198.51.100.${at % 250}`))
  assert.ok(book.since(0).length < 70, 'an attack with many addresses cannot fill the database')
})

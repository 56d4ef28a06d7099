import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GUARD_LIMITS } from '#contract/guard.ts'
import type { PacketNotice } from './notice.ts'
import { type Many, makeSpreadView, PAIRS, tellMany } from './spread-view.ts'

const NOW = Date.parse('2030-01-01T12:00:00Z')
const HOST = '192.0.2.9'
const probe = (second: number, source: string, port: number, destination = HOST): PacketNotice => ({
  ...{ notice: 'probe', at: NOW + second * 1_000, source, sourcePort: 1, destination, port },
  ...{ protocol: 'tcp', link: 'eth0', card: '' },
})
/** Addresses that have no network in common. */
const address = (n: number) => `${1 + (n % 199)}.${(n >> 8) & 255}.${n & 255}.${1 + (n % 254)}`
const last = (said: ReadonlyArray<Many | undefined>) => said.findLast((one) => one !== undefined)

/** A stream of numbers that is the same each time. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Questions that come by chance, so many a minute on average, each by another sender. */
function* noise(perMinute: number, hours: number, portOf: (chance: number, n: number) => number) {
  const next = numbers(7)
  let second = 0
  for (let n = 0; second < hours * 3_600; n++) {
    second += (-Math.log(1 - next()) * 60) / perMinute
    yield probe(second, address(Math.floor(next() * 2 ** 24)), portOf(next(), n))
  }
}
const told = (notices: Iterable<PacketNotice>) => {
  const view = makeSpreadView()
  return [...notices].map((one) => view.note(one)).filter((one) => one !== undefined)
}

test('sixty senders of unrelated networks, two ports each: one search, with how many, what and since when', () => {
  const view = makeSpreadView()
  const said = Array.from({ length: 120 }, (_, n) => view.note(probe(n / 10, address(n % 60), 1_000 + n)))
  assert.equal(
    said.findIndex((one) => one !== undefined),
    GUARD_LIMITS.spreadQuestions + 1,
  )
  const many = last(said) ?? assert.fail('not told')
  assert.deepEqual(
    { ...many, packets: 0 },
    {
      ...{ destination: HOST, senders: 60, networks: 60, ports: 120, held: 0, named: [] },
      ...{ since: NOW, packets: 0, isFull: false, isAlone: false },
    },
  )
  assert.equal(
    said.reduce((sum, one) => sum + (one?.packets ?? 0), 0),
    120,
  )
  assert.equal(
    tellMany(many),
    'Since 2030-01-01T12:00:00.000Z 60 senders of 60 networks asked 192.0.2.9 for 120 closed ports; none of them asked for enough by itself to be held.',
  )
})

test('only who is held counts as held: a packet with odd flags holds nobody, and its sender may be forged', () => {
  const view = makeSpreadView()
  for (let n = 0; n < 100; n++) view.note(probe(n / 10, address(n % 60), 1_000 + n))
  const [innocent, scanner] = ['198.51.100.77', '203.0.113.9']
  const odd = view.note({ ...probe(10, innocent, 5_000), notice: 'trick' })
  assert.deepEqual([odd?.senders, odd?.held, odd?.named], [61, 0, []])
  assert.doesNotMatch(odd === undefined ? '' : tellMany(odd), /198\.51\.100\.77/)
  const many = view.note({ ...probe(11, scanner, 5_001), notice: 'hold' })
  assert.deepEqual([many?.held, many?.named], [1, [scanner]])
})

test('decoys that all ask for the same two ports are one search, too', () => {
  const view = makeSpreadView()
  const said = Array.from({ length: 122 }, (_, n) =>
    view.note(probe(n / 100, address(n % 61), n < 61 ? 22 : 23)),
  )
  assert.deepEqual([last(said)?.senders, last(said)?.ports], [61, 2])
})

/*
 * Merit's telescope, 475,000 unused addresses, gets 41,500 packets a second: 5 a minute for each address. Twice that must be silent,
 * even if every single one were for another port; three times the double is a search of all ports within two days.
 */
test('the noise of the Internet, ten questions a minute to each address, is silent for three days, whatever it asks for', () => {
  const usual = [23, 22, 80, 8080, 3389, 445, 5555, 2323, 1433, 8443]
  const ports = (chance: number, n: number) =>
    chance < 0.5 ? (usual[n % usual.length] ?? 0) : Math.floor(chance * 65_535)
  assert.deepEqual(told(noise(10, 72, ports)), [])
  assert.deepEqual(told(noise(10, 72, (_chance, n) => n % 65_536)), [])
  assert.notDeepEqual(told(noise(30, 1, (_chance, n) => n % 65_536)), [])
})

test('a crowd that asks for one port is no search, however large', () => {
  assert.deepEqual(told(Array.from({ length: 20_000 }, (_, n) => probe(n / 50, address(n), 6_881))), [])
})

test('one network is told of as that, and few senders by themselves', () => {
  const near = Array.from({ length: 200 }, (_, n) => probe(n / 10, `198.51.100.${n % 100}`, 1_000 + n))
  assert.deepEqual(told(near), [])
  const few = Array.from({ length: 200 }, (_, n) => probe(n / 10, address(n % 9), 1_000 + n))
  assert.deepEqual(told(few), [])
})

test('it goes on until the measure is empty; what comes then is another', () => {
  const view = makeSpreadView()
  const scan = (from: number) =>
    last(Array.from({ length: 100 }, (_, n) => view.note(probe(from + n / 10, address(n), from + n))))
  assert.equal(scan(0)?.senders, 100)
  assert.equal(view.note(probe(120, address(500), 9_999))?.senders, 101)
  assert.equal(view.note(probe(1_200, address(501), 9_998)), undefined)
  const again = scan(2_000)
  assert.deepEqual([again?.senders, again?.since], [100, NOW + 2_000_000])
})

test('addresses of the host are apart, and the oldest is forgotten for a new one, which says so', () => {
  const view = makeSpreadView()
  for (let n = 0; n < 40; n++)
    for (const destination of ['192.0.2.1', '192.0.2.2'])
      assert.equal(view.note(probe(n, address(n), 1_000 + n, destination)), undefined)
  for (let n = 10; n < 26; n++) view.note(probe(41, address(n), 1, `192.0.2.${n}`))
  const many = last(
    Array.from({ length: 80 }, (_, n) => view.note(probe(42, address(n), 1_000 + n, '192.0.2.1'))),
  )
  assert.equal(many?.isFull, true)
})

test('memory has an end: the oldest pairs go, and the numbers are said to be the least', () => {
  const view = makeSpreadView()
  const many = last(
    Array.from({ length: PAIRS + 1_000 }, (_, n) => view.note(probe(n / 1_000, address(n), n))),
  )
  assert.deepEqual([many?.ports, many?.isFull], [PAIRS, true])
  assert.match(many === undefined ? '' : tellMany(many), /at least \d+ senders .* at least 4096 closed ports/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GUARD_LIMITS } from '#contract/guard.ts'
import {
  makeEventBook,
  makeLongView,
  makeSpreadView,
  type PacketNotice,
  type Wanted,
} from '#platform/guard/host.ts'
import { takeNotice } from './take-notice.ts'

const NOW = Date.parse('2030-01-01T12:00:00Z')
const SCANNER = '203.0.113.9'
const probe = (second: number, source: string, port: number): PacketNotice => ({
  ...{ notice: 'probe', at: NOW + second * 1_000, source, sourcePort: 1, destination: '192.0.2.9', port },
  ...{ protocol: 'tcp', link: 'eth0', card: '' },
})
/** Addresses that have no network in common. */
const address = (n: number) => `${1 + (n % 199)}.${(n >> 8) & 255}.${n & 255}.${1 + (n % 254)}`

/** What a host tells of packets. */
function makeTelling() {
  const views = { long: makeLongView(), spread: makeSpreadView() }
  const book = makeEventBook(0)
  const wanted: Wanted[] = []
  const events = () => book.since(0).map(({ event }) => event)
  return {
    ...{ book, wanted, events },
    take: (notice: PacketNotice) => takeNotice({ book, ports: [], holds: [], wanted }, views, notice),
    scanners: () =>
      events()
        .filter(({ kind }) => kind === 'scan')
        .map(({ src_endpoint }) => src_endpoint.ip),
  }
}
type Telling = ReturnType<typeof makeTelling>

/** Forged packets that keep a search by many open, a packet every three seconds, each of another sender; `second` is when the next one comes. */
function makeNoise({ take }: Telling) {
  let made = 0
  return {
    open: () => {
      for (; made < 120; made++) take(probe(made / 100, address(made), 10_000 + made))
    },
    until: (second: number) => {
      for (; (made - 120) * 3 < second; made++) take(probe((made - 120) * 3, address(made), 10_000 + made))
    },
  }
}

test('one who scans fast is told of by himself while forged packets keep a search by many open', () => {
  const telling = makeTelling()
  const noise = makeNoise(telling)
  noise.open()
  noise.until(3_600)
  for (let n = 0; n < 5; n++) telling.take(probe(3_600 + n / 10, SCANNER, 20 + n))
  telling.take({ ...probe(3_601, SCANNER, 24), notice: 'hold' })
  assert.deepEqual(telling.scanners(), [SCANNER])
  const together = telling.events().findLast(({ kind }) => kind === 'distributed scan')
  assert.match(together?.message ?? '', /; 1 of them asked .* to be held \(203\.0\.113\.9\)\.$/)
})

test('one who scans slowly is, too, when the long view finds him', () => {
  const telling = makeTelling()
  const noise = makeNoise(telling)
  noise.open()
  for (let n = 0; n <= GUARD_LIMITS.closedPortsPerDay; n++) {
    noise.until(n * 700)
    telling.take(probe(n * 700, SCANNER, 20 + n))
  }
  assert.deepEqual(
    telling.wanted.map((one) => one.address),
    [SCANNER],
  )
  assert.deepEqual(telling.scanners(), [SCANNER])
})

test('each of many who ask for ports of their own is told of by himself when he is held', () => {
  const telling = makeTelling()
  for (let n = 0; n < 300; n++) telling.take(probe(n / 100, address(n % 60), 1_000 + n))
  for (let n = 0; n < 30; n++) telling.take({ ...probe(4, address(n), 1_240 + n), notice: 'hold' })
  assert.equal(new Set(telling.scanners()).size, 30)
})

test('decoys that are held are no events of their own, but counted, and why they are held stays known', () => {
  const telling = makeTelling()
  for (let n = 0; n < 300; n++) telling.take(probe(n / 100, address(n % 60), 1_000 + Math.floor(n / 60)))
  for (let n = 0; n < 60; n++) telling.take({ ...probe(4, address(n), 1_004), notice: 'hold' })
  assert.deepEqual(
    telling.events().map(({ kind, src_endpoint, count }) => [kind, src_endpoint.ip, count]),
    [['distributed scan', 'many', 360]],
  )
  assert.match(telling.events()[0]?.message ?? '', /60 senders .* 5 closed ports; 60 of them asked/)
  assert.match(telling.book.reasonOf(address(3)) ?? '', /asked for closed ports/)
})

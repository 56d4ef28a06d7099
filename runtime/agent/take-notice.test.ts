import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeEventBook, makeLongView, makeSpreadView, type PacketNotice } from '#platform/guard/host.ts'
import { takeNotice } from './take-notice.ts'

const INSTANCE = '10.89.130.7'
const packet = (notice: PacketNotice['notice'], link: string): PacketNotice => ({
  ...{ notice, link, at: 0, source: INSTANCE, sourcePort: 1, destination: '192.0.2.9', port: 443 },
  ...{ protocol: 'tcp', card: '' },
})

test('an instance answers for what comes out of its port, not for its address from outside', () => {
  const book = makeEventBook(0)
  const ports = [{ link: 'veth7', card: '', address: INSTANCE, app: 'shop' }]
  const taking = { book, ports, holds: [], wanted: [] }
  const views = { long: makeLongView(), spread: makeSpreadView() }
  for (const notice of [packet('spoof', 'veth7'), packet('inside', 'maru-apps0'), packet('forged', 'eth0')])
    assert.equal(takeNotice(taking, views, notice), true)
  assert.deepEqual(
    book.since(0).map(({ event: { kind, app, src_endpoint } }) => [kind, app, src_endpoint.ip]),
    [
      ['spoofing', 'shop', INSTANCE],
      ['instance scan', 'shop', INSTANCE],
      ['spoofing', null, 'outside'],
    ],
  )
})

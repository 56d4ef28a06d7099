import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNotice } from './notice.ts'

const line = (more: object) =>
  JSON.stringify({
    ...{ timestamp: '2030-01-01T00:00:00', 'oob.prefix': 'probe', 'oob.in': 'eth0', 'ip.protocol': 6 },
    ...{ src_ip: '192.0.2.1', dest_ip: '192.0.2.9', src_port: 40_000, dest_port: 23 },
    ...{ 'mac.saddr.str': '02:00:00:00:00:01', 'tcp.syn': 1, ...more },
  })

test('a packet that the kernel told of is read', () => {
  assert.deepEqual(parseNotice(line({}), 7), {
    ...{ notice: 'probe', at: 7, source: '192.0.2.1', sourcePort: 40_000, destination: '192.0.2.9' },
    ...{ port: 23, protocol: 'tcp', link: 'eth0', card: '02:00:00:00:00:01' },
  })
})

test('a forged frame carries the port that it came from', () => {
  const notice = parseNotice(line({ 'oob.prefix': 'spoof veth12', 'oob.in': 'maru-apps0' }), 7)
  assert.deepEqual([notice?.notice, notice?.link], ['spoof', 'veth12'])
})

test('of a memory that is full it says which', () => {
  const notice = parseNotice(line({ 'oob.prefix': 'full inports' }), 7)
  assert.deepEqual([notice?.notice, notice?.link], ['full', 'inports'])
})

test('addresses of neighbour messages are not read: what ulogd hands on as such is something else', () => {
  const arp = {
    'oob.prefix': 'spoof veth12',
    'ip.protocol': undefined,
    src_ip: undefined,
    dest_ip: undefined,
  }
  const notice = parseNotice(line({ ...arp, 'arp.saddr.str': '210.240.83.21' }), 7)
  assert.deepEqual([notice?.protocol, notice?.source, notice?.destination], ['arp', '', ''])
})

test('what others log, and what is no line, is left out', () => {
  for (const text of ['', '{', 'null', '[]', line({ 'oob.prefix': 'theirs' }), line({ 'oob.prefix': '' })])
    assert.equal(parseNotice(text, 7), undefined, text)
})

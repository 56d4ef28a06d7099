import assert from 'node:assert/strict'
import { test } from 'node:test'
import { datagram, ICMP6, icmp6TypeOf, pinged, redirected, routerAdvertised } from './frames6.ts'
import { parsePacket } from './packets.ts'

const SAID = { card: '02:42:ac:11:00:03', source: 'fe80::1' }

test('a frame of IPv6 says who sends what to whom, and what kind of message it is', () => {
  const frame = routerAdvertised(SAID, '2001:db8:66::')
  const { card, kind } = parsePacket(frame)
  assert.deepEqual([card, kind, icmp6TypeOf(frame)], [SAID.card, 'ip6', ICMP6.router])
  assert.equal(icmp6TypeOf(redirected(SAID, 'fe80::1', '2001:db8::1')), ICMP6.redirect)
  assert.equal(icmp6TypeOf(datagram(SAID, 9, 9)), undefined)
  assert.equal(icmp6TypeOf(Buffer.alloc(20)), undefined)
})

test('its sum is that of a packet which Linux has sent', () => {
  const to = { address: '::1', card: '00:00:00:00:00:00' }
  // ping -6 -c 1 ::1, identifier and sequence 1, no data.
  const sum = pinged({ card: SAID.card, source: '::1', to }).subarray(56, 58).toString('hex')
  const whole = 0x8000 + 1 + 1 + 1 + 1 + 8 + ICMP6.number
  assert.equal(sum, (~((whole & 0xffff) + (whole >> 16)) & 0xffff).toString(16))
})

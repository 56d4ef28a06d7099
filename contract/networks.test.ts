import assert from 'node:assert/strict'
import { isIPv6 } from 'node:net'
import { test } from 'node:test'
import { isWithin, networkOf, overlap, parseNetwork, whyNoIpv6 } from './networks.ts'

const text = (value: string) => parseNetwork(value)?.text

test('addresses and networks are read, and shown as the kernel shows them', () => {
  assert.equal(text('192.0.2.1'), '192.0.2.1')
  assert.equal(text('192.0.2.0/24'), '192.0.2.0/24')
  assert.equal(text('2001:DB8:0:0:0:0:0:1'), '2001:db8::1')
  assert.equal(text('2001:db8::/32'), '2001:db8::/32')
  assert.equal(text('::'), '::')
  assert.equal(text('0.0.0.0/0'), '0.0.0.0/0')
})

test('what is no network is refused', () => {
  for (const wrong of ['', 'a', '192.0.2', '192.0.2.256', '192.0.2.01', '192.0.2.1/24', '1.2.3.4/33'])
    assert.equal(parseNetwork(wrong), undefined, wrong)
  for (const wrong of [
    '2001:db8::1::2',
    '2001:db8',
    '12345::',
    '::/129',
    '2001:db8::1/64',
    '1:2:3:4:5:6:7::8',
  ])
    assert.equal(parseNetwork(wrong), undefined, wrong)
})

test('addresses of IPv6 are read as Node reads them, and shown as browsers show them', () => {
  const pieces = ['0', '00', '0000', '1', '0a', 'FFFF', 'db8', '', '12345', 'g']
  let state = 7
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  let read = 0
  for (let turn = 0; turn < 20_000; turn += 1) {
    // Mostly eight groups, of which some are left out.
    const groups = Array.from({ length: 6 + below(4) }, () => pieces[below(below(4) === 0 ? 10 : 7)] ?? '')
    const from = below(9)
    const some =
      below(2) === 0 ? groups : [...groups.slice(0, from), '', ...groups.slice(from + 1 + below(5))]
    const address = some
      .join(':')
      .replace(/^:(?!:)/, '::')
      .replace(/(?<!:):$/, '::')
    assert.equal(parseNetwork(address)?.v === '6', isIPv6(address), address)
    if (!isIPv6(address)) continue
    read += 1
    assert.equal(text(address), new URL(`http://[${address}]`).hostname.slice(1, -1), address)
  }
  assert.ok(read > 2_000, String(read))
})

test('who could not come over IPv6 is told why, and what to write', () => {
  for (const right of ['2001:db8::7', '2001:DB8:0::/48', '::/0', '::1', 'fe80::1', '64:ff9b::1'])
    assert.equal(whyNoIpv6(right), undefined, right)
  const wrong = [
    ['fe80::1%eth0', 'names a link of a machine: leave out % and what follows it'],
    ['::ffff:192.0.2.1', 'is IPv4 written as IPv6: write 192.0.2.1'],
    ['::FFFF:c000:201', 'is IPv4 written as IPv6: write 192.0.2.1'],
    ['::ffff:10.0.0.0/104', 'is IPv4 written as IPv6: write 10.0.0.0/8'],
    ['64:ff9b::192.0.2.1', 'has an IPv4 part: write 64:ff9b::c000:201'],
    ['2001:db8::7/64', 'has an address behind its length: write 2001:db8::/64'],
    ['2001:db8::/129', 'is no address or network of IPv6, such as 2001:db8::7 or 2001:db8:1::/48'],
    ['2001:db8::1::2', 'is no address or network of IPv6, such as 2001:db8::7 or 2001:db8:1::/48'],
    [':', 'is no address or network of IPv6, such as 2001:db8::7 or 2001:db8:1::/48'],
  ] as const
  for (const [written, why] of wrong) assert.equal(whyNoIpv6(written), why, written)
})

test('a network is within a wider one of its kind', () => {
  const within = (a: string, b: string) => {
    const [one, other] = [parseNetwork(a), parseNetwork(b)]
    assert.ok(one && other)
    return isWithin(one, other)
  }
  assert.equal(within('2001:db8:1::7', '2001:db8:1::/48'), true)
  assert.equal(within('2001:db8:1::/48', '2001:db8:1::/48'), true)
  assert.equal(within('2001:db8:1::/48', '2001:db8:1::7'), false)
  assert.equal(within('2001:db8:2::', '2001:db8:1::/48'), false)
  assert.equal(within('192.0.2.1', '::/0'), false)
})

test('an address counts for its network', () => {
  const bits = { 4: 24, 6: 64 }
  assert.equal(networkOf('192.0.2.77', bits), '192.0.2.0/24')
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6', bits), '2001:db8:1:2::/64')
  assert.equal(networkOf('192.0.2.77', { 4: 32, 6: 64 }), '192.0.2.77')
})

test('networks that share an address overlap', () => {
  const both = (a: string, b: string) => {
    const [one, other] = [parseNetwork(a), parseNetwork(b)]
    assert.ok(one && other)
    return overlap(one, other)
  }
  assert.equal(both('10.0.0.0/8', '10.9.8.7'), true)
  assert.equal(both('10.9.8.7', '10.0.0.0/8'), true)
  assert.equal(both('10.0.0.0/8', '11.0.0.0/8'), false)
  assert.equal(both('0.0.0.0/0', '2001:db8::/32'), false)
  assert.equal(both('0.0.0.0/0', '192.0.2.1'), true)
})

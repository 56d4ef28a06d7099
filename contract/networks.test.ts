import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkOf, overlap, parseNetwork } from './networks.ts'

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

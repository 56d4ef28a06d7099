import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipv4Among, ipv4Ends, ipv4Number, ipv4Range, ipv4Without } from './ipv4.ts'

test('an address is a number, also where the first bit is set', () => {
  assert.equal(ipv4Number('0.0.1.2'), 258)
  assert.equal(ipv4Number('255.255.255.255'), 2 ** 32 - 1)
})

test('a range has its ends and what is between them', () => {
  assert.deepEqual(ipv4Ends('203.0.113.128/25'), {
    first: ipv4Number('203.0.113.128'),
    last: ipv4Number('203.0.113.255'),
  })
  assert.equal(ipv4Among('203.0.113.128', ['203.0.113.128/25']), true)
  assert.equal(ipv4Among('203.0.113.127', ['203.0.113.128/25']), false)
  assert.equal(ipv4Among('255.255.255.255', ['0.0.0.0/0']), true)
})

test('the range of an address begins at its first one', () => {
  assert.equal(ipv4Range('203.0.113.9/24'), '203.0.113.0/24')
  assert.equal(ipv4Range('198.19.255.254/15'), '198.18.0.0/15')
  assert.equal(ipv4Range('203.0.113.9/32'), '203.0.113.9/32')
})

test('a network without others is what is left of it', () => {
  assert.deepEqual(ipv4Without('10.0.0.0/8', []), ['10.0.0.0/8'])
  assert.deepEqual(ipv4Without('10.0.0.0/8', ['192.168.0.0/16']), ['10.0.0.0/8'])
  assert.deepEqual(ipv4Without('10.0.0.0/8', ['0.0.0.0/0']), [])
  assert.deepEqual(ipv4Without('10.0.0.0/8', ['10.64.0.0/10', '10.128.0.0/9']), ['10.0.0.0/10'])
  const without = ipv4Without('192.168.0.0/30', ['192.168.0.2'])
  assert.deepEqual(without, ['192.168.0.0/31', '192.168.0.3/32'])
})

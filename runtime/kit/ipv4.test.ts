import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipv4Among, ipv4Ends, ipv4Number, ipv4Range } from './ipv4.ts'

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

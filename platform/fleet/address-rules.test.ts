import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AddressFacts, unfitReason } from './address-rules.ts'

const network = { range: '203.0.113.0/24', router: '203.0.113.254' }
const facts: AddressFacts = {
  hosts: [
    { name: 'a1', dataCentre: 'east', address: '203.0.113.1', network },
    { name: 'a2', dataCentre: 'east', address: '203.0.113.2', network: null },
    { name: 'b1', dataCentre: 'west', address: '203.0.113.3', network },
  ],
  shared: [
    { dataCentre: 'west' as never, address: '203.0.113.200' },
    { dataCentre: 'east' as never, address: '203.0.113.100' },
  ],
  subnet: '10.89',
}
const reason = (address: string, more: Partial<AddressFacts> = {}) =>
  unfitReason('east', address, { ...facts, ...more })

test('a free address in the network of the hosts is good, also the one that they have', () => {
  assert.equal(reason('203.0.113.9'), undefined)
  assert.equal(reason('203.0.113.100'), undefined)
})

test('what somebody has is not shared', () => {
  assert.equal(reason('203.0.113.2'), 'it is the own address of a2')
  assert.equal(reason('203.0.113.3'), 'it is the own address of b1')
  assert.equal(reason('203.0.113.200'), 'the hosts of west share it')
  assert.equal(reason('203.0.113.254'), 'it is the router of a1')
})

test('what no machine can have, and what the platform has for itself', () => {
  for (const address of ['127.0.0.1', '0.0.0.0', '169.254.169.254', '224.0.0.18', '255.255.255.255'])
    assert.equal(reason(address), 'no machine can have it')
  assert.match(reason('10.89.128.4') ?? '', /^it is in 10\.89\.0\.0\/16/)
})

test('another network, its ends, and hosts that do not say where they are', () => {
  assert.equal(reason('203.0.114.9'), 'a1 is in 203.0.113.0/24, and it is not')
  for (const address of ['203.0.113.0', '203.0.113.255'])
    assert.equal(reason(address), 'it stands for the whole network 203.0.113.0/24')
  const unknown = facts.hosts.map((host) => ({ ...host, network: null }))
  assert.equal(reason('203.0.113.9', { hosts: unknown }), 'none of them says which network it is in')
})

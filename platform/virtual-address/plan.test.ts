import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fleet } from '#contract/fleet.ts'
import type { HostName } from '#contract/ids.ts'
import { planAddress } from './plan.ts'

const hosts = [
  { name: 'a1', address: '203.0.113.1' },
  { name: 'a2', address: '203.0.113.2' },
  { name: 'a3', address: '203.0.113.3' },
  { name: 'b1', address: '198.51.100.1' },
]
const fleetWith = (leaving: readonly string[] = [], names: readonly string[] = ['a1', 'a2', 'a3']) =>
  Fleet.parse({
    hosts,
    services: {},
    addresses: [{ dataCentre: 'east', address: '203.0.113.9', hosts: names, leaving }],
  })
const duty = (host: string, fleet: Fleet) => planAddress(host as HostName, fleet)

test('those of one data centre share its address, and nobody else has to do with it', () => {
  assert.deepEqual(duty('a2', fleetWith()), {
    address: '203.0.113.9',
    peers: ['203.0.113.1', '203.0.113.3'],
    priority: 249,
    leaving: false,
    leavingPeers: [],
  })
  assert.equal(duty('b1', fleetWith()), undefined)
  assert.equal(duty('a1', Fleet.parse({ hosts, services: {} })), undefined)
})

test('no two have the same priority, and a host that is alone has the address', () => {
  const all = ['a1', 'a2', 'a3'].map((name) => duty(name, fleetWith())?.priority)
  assert.deepEqual(all, [250, 249, 248])
  assert.deepEqual(duty('a1', fleetWith([], ['a1']))?.peers, [])
})

test('who is being emptied gives it up; the others take what belongs to its connections there', () => {
  const fleet = fleetWith(['a1'])
  assert.deepEqual([duty('a1', fleet)?.leaving, duty('a1', fleet)?.leavingPeers], [true, []])
  assert.deepEqual([duty('a2', fleet)?.leaving, duty('a2', fleet)?.leavingPeers], [false, ['203.0.113.1']])
  const two = fleetWith(['a1', 'a3'])
  assert.deepEqual(duty('a3', two)?.leavingPeers, [])
  assert.deepEqual(duty('a2', two)?.leavingPeers, ['203.0.113.1', '203.0.113.3'])
})

test('a peer whose address is not known is not spoken to', () => {
  const fleet = { ...fleetWith(), hosts: fleetWith().hosts.filter(({ name }) => name !== 'a3') }
  assert.deepEqual(duty('a1', fleet)?.peers, ['203.0.113.2'])
})

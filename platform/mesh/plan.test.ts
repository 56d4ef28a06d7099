import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fleet, NO_FLEET } from '#contract/fleet.ts'
import type { HostName } from '#contract/ids.ts'
import { FIRST_IN_TURN } from '#contract/turn.ts'
import { assertGolden } from '#tests/golden.ts'
import { DOOR_COMPONENT, meshContainer, meshFiles, wayComponent } from './layout.ts'
import { controlsOf, planMesh, seedsOf, serviceAddress, storesOf } from './plan.ts'
import { renderDoor, renderWay } from './render.ts'

const installation = { name: 'maru', subnet: '10.89' }
const fleet = Fleet.parse({
  hosts: [
    { name: 'east', address: '192.0.2.1' },
    { name: 'west', address: '192.0.2.2' },
    { name: 'voice', address: '192.0.2.3' },
  ],
  services: {
    'etcd-1': 'east',
    'postgres-1': 'east',
    'postgres-2': 'west',
    'etcd-3': 'voice',
    control: 'east',
  },
})
const meshOf = (host: string) => planMesh(installation, host as HostName, fleet) ?? assert.fail()

test('a service is itself on its host and a way on every other: at the same address', () => {
  const waysOf = (host: string) => meshOf(host).ways.map(({ service, host: at }) => `${service} at ${at}`)
  const doorsOf = (host: string) => meshOf(host).doors.map(({ service }) => service)
  assert.deepEqual(waysOf('east'), ['etcd-3 at voice', 'postgres-2 at west'])
  assert.deepEqual(doorsOf('east'), ['etcd-1', 'postgres-1', 'control'])
  assert.deepEqual(doorsOf('west'), ['postgres-2'])
  for (const host of ['east', 'west', 'voice']) {
    const { ways, doors } = meshOf(host)
    for (const { service, address, ports } of [...ways, ...doors])
      assert.deepEqual({ address, ports }, pick(serviceAddress(installation, service)), service)
    assert.equal(ways.length + doors.length, 5)
  }
})

const pick = ({ address, ports }: { address: string; ports: readonly number[] }) => ({ address, ports })

test('the control planes that there are: the one of the own host first', () => {
  const both: Fleet = { ...fleet, services: { ...fleet.services, 'control-2': 'west' as HostName } }
  const of = (host: string, one = both) => controlsOf(one, host as HostName)
  assert.deepEqual(of('east'), ['control', 'control-2'])
  assert.deepEqual(of('west'), ['control-2', 'control'])
  assert.deepEqual(of('voice'), ['control', 'control-2'])
  assert.deepEqual([of('west', fleet), of('east', NO_FLEET)], [['control'], ['control']])
})

test('a host that is alone, or that the others do not know, has no mesh', () => {
  const alone = { ...fleet, hosts: fleet.hosts.slice(0, 1) }
  assert.equal(planMesh(installation, 'east' as HostName, alone), undefined)
  assert.equal(planMesh(installation, 'stranger' as HostName, fleet), undefined)
})

test('a service on a host that is gone has no way: nothing leads to an address that may be another by now', () => {
  const without = { ...fleet, hosts: fleet.hosts.filter(({ name }) => name !== 'west') }
  const mesh = planMesh(installation, 'east' as HostName, without) ?? assert.fail()
  assert.deepEqual(
    mesh.ways.map(({ service }) => service),
    ['etcd-3'],
  )
})

test('a way and a door as HAProxy reads them', () => {
  const files = meshFiles('/var/lib/maru')
  const way = meshOf('east').ways.find(({ service }) => service === 'postgres-2') ?? assert.fail()
  const golden = (name: string, text: string) => assertGolden(import.meta.dirname, name, text)
  golden('way.cfg', renderWay(way, files, wayComponent('postgres-2')))
  golden('door.cfg', renderDoor(meshOf('east'), '192.0.2.1', files, DOOR_COMPONENT))
})

test('a member of the pair knows of every store as soon as there are hosts for three', () => {
  const west = 'west' as HostName
  assert.deepEqual(storesOf(installation, fleet, west), ['10.89.0.10', '10.89.0.14'])
  assert.deepEqual(seedsOf(installation, fleet, west), ['10.89.0.10', '10.89.0.14', '10.89.0.13'])
  // The host of one is gone: those that are there come first, and none is forgotten.
  const two = { hosts: fleet.hosts.slice(1), services: { 'etcd-2': west, 'etcd-3': 'voice' as HostName } }
  assert.deepEqual(seedsOf(installation, two, west), ['10.89.0.13', '10.89.0.14', '10.89.0.10'])
  const pair = { hosts: fleet.hosts.slice(0, 2), services: { 'etcd-1': 'east' as HostName } }
  assert.deepEqual(seedsOf(installation, pair, west), ['10.89.0.10'])
  assert.deepEqual(seedsOf(installation, { hosts: [], services: {} }, west), ['10.89.0.10'])
})

test('what the store and the pair are heard on comes before apps while processors are scarce', () => {
  for (const component of [DOOR_COMPONENT, wayComponent('etcd-3')]) {
    const part = { component, networks: [], labels: {} }
    const { cpuShares } = meshContainer(installation, '/home', 'image', part)
    assert.equal(cpuShares, FIRST_IN_TURN.cpuShares)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fleet } from '#contract/fleet.ts'
import type { HostName } from '#contract/ids.ts'
import { whomToHear } from './silence.ts'

const fleet = Fleet.parse({
  hosts: [
    { name: 'east', address: '192.0.2.1' },
    { name: 'west', address: '192.0.2.2' },
    { name: 'third', address: '192.0.2.3' },
    { name: 'fourth', address: '192.0.2.4' },
  ],
  services: {
    ...{ 'etcd-1': 'east', 'etcd-2': 'third', 'etcd-3': 'west' },
    ...{ 'postgres-1': 'east', 'postgres-2': 'west' },
  },
})
const hears = (self: string, member: string | undefined, of = fleet) =>
  whomToHear(of, self as HostName, member === undefined ? undefined : { member, revision: '7' })

test('the host of the primary is listened to by the others that have a member of the store', () => {
  assert.deepEqual(
    ['east', 'west', 'third'].map((self) => hears(self, 'postgres-1')),
    [undefined, '192.0.2.1', '192.0.2.1'],
  )
  assert.deepEqual(
    ['east', 'west', 'third'].map((self) => hears(self, 'postgres-2')),
    ['192.0.2.2', undefined, '192.0.2.2'],
  )
})

test('nobody is listened to by a host without such a member, with a store of one, or while nobody leads', () => {
  assert.equal(hears('fourth', 'postgres-1'), undefined)
  assert.equal(hears('west', undefined), undefined)
  assert.equal(hears('west', 'someone'), undefined)
  const { 'etcd-2': _, ...two } = fleet.services
  assert.equal(hears('west', 'postgres-1', { ...fleet, services: two }), undefined)
})

test('a host that no longer belongs to the installation is not listened to', () => {
  const hosts = fleet.hosts.filter(({ name }) => name !== 'east')
  assert.equal(hears('west', 'postgres-1', { ...fleet, hosts }), undefined)
})

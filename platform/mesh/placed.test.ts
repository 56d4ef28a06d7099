import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlatformConfig } from '#contract/agent.ts'
import { type Fleet, NO_FLEET } from '#contract/fleet.ts'
import type { HostName } from '#contract/ids.ts'
import { placedHere } from './placed.ts'

const [east, west] = ['east' as HostName, 'west' as HostName]
const FIRST = ['etcd', 'postgres-1', 'postgres-2', 'pgproxy', 'agent', 'control', 'edge']
const JOINED = [
  ...['etcd', 'etcd-2', 'etcd-3', 'postgres-1', 'postgres-2'],
  ...['pgproxy', 'agent', 'control', 'control-2'],
]
const here = (components: readonly string[], self: { name: HostName; first: boolean }, fleet: Fleet) => {
  const platform = { generation: 1, networks: [], containers: components.map((component) => ({ component })) }
  return placedHere(platform as unknown as PlatformConfig, self, fleet).containers.map(
    ({ component }) => component,
  )
}
const first = { name: east, first: true }
const joined = { name: west, first: false }

test('while nobody has joined, all of the first host is there', () => {
  assert.deepEqual(here(FIRST, first, NO_FLEET), FIRST)
})

test('what is on another host is not here, and the other way round', () => {
  const fleet: Fleet = { hosts: [], services: { 'postgres-2': west, 'etcd-3': west } }
  assert.deepEqual(here(FIRST, first, fleet), ['etcd', 'postgres-1', 'pgproxy', 'agent', 'control', 'edge'])
  assert.deepEqual(here(JOINED, joined, fleet), ['etcd-3', 'postgres-2', 'pgproxy', 'agent'])
})

test('the second control plane is where it is placed, beside the first, which stays', () => {
  const fleet: Fleet = { hosts: [], services: { control: east, 'control-2': west, 'postgres-2': west } }
  assert.deepEqual(here(FIRST, first, fleet).includes('control'), true)
  assert.deepEqual(here(JOINED, joined, fleet), ['postgres-2', 'pgproxy', 'agent', 'control-2'])
})

test('a message that does not name a service stops nothing and starts nothing', () => {
  const fleet: Fleet = { hosts: [], services: { control: east } }
  assert.deepEqual(here(FIRST, first, fleet), FIRST)
  assert.deepEqual(here(JOINED, joined, fleet), ['pgproxy', 'agent'])
})

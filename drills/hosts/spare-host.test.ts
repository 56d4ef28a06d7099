import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceName } from '#contract/fleet.ts'
import { findReplacement, lacksSpare } from './spare-host.ts'
import { LARGE_LAB, SMALL_LAB, testHost } from './test-hosts.ts'

const placeWith = (services: Partial<Record<ServiceName, string>>) => ({
  hosts: LARGE_LAB,
  hostOf: async (service: ServiceName) => testHost(services[service] ?? ''),
})

test('a drill that replaces a host does not fit a lab of one host in each data centre', () => {
  const drill = { spareHost: true } as const
  assert.equal(lacksSpare(drill, { hosts: SMALL_LAB }), true)
  assert.equal(lacksSpare(drill, { hosts: LARGE_LAB }), false)
  assert.equal(lacksSpare({}, { hosts: SMALL_LAB }), false)
})

test('the host that goes has a member of the pair and is not the first, and another of its data centre takes its place', async () => {
  const names = async (services: Partial<Record<ServiceName, string>>) => {
    const { old, next, member } = await findReplacement(placeWith(services))
    return [old.name, next.name, member]
  }
  const both = await names({ 'postgres-1': 'dc1-h1', 'postgres-2': 'dc2-h1' })
  assert.deepEqual(both, ['dc2-h1', 'dc2-h2', 'postgres-2'])
  const back = await names({ 'postgres-1': 'dc1-h1', 'postgres-2': 'dc2-h2' })
  assert.deepEqual(back, ['dc2-h2', 'dc2-h1', 'postgres-2'])
})

test('where nobody is beside the host with a member, nothing is replaced', async () => {
  await assert.rejects(findReplacement(placeWith({ 'postgres-1': 'dc1-h1', 'postgres-2': 'dc1-h2' })))
})

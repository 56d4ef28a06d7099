import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ContainerSpec } from '#contract/agent.ts'
import { createOptionsOf, hashSpec } from './docker-create.ts'

const spec = (more: object = {}) =>
  ContainerSpec.parse({
    name: 'a',
    component: 'x',
    image: 'i',
    networks: [{ name: 'n', address: '10.0.0.2' }],
    ...more,
  })

test('the order of keys does not matter to the hash, every value does', () => {
  const one = spec({ env: { A: '1', B: '2' } })
  assert.equal(hashSpec(one), hashSpec(spec({ env: { B: '2', A: '1' } })))
  assert.notEqual(hashSpec(one), hashSpec(spec({ env: { A: '1', B: '3' } })))
  assert.notEqual(hashSpec(one), hashSpec(spec({ env: { A: '1', B: '2' }, user: '1' })))
})

test('a container is confined unless it is privileged', () => {
  const { HostConfig } = createOptionsOf(spec({ capabilities: ['CHOWN'], memoryMb: 64, processes: 9 }), 'me')
  assert.deepEqual(
    {
      CapDrop: HostConfig?.CapDrop,
      CapAdd: HostConfig?.CapAdd,
      SecurityOpt: HostConfig?.SecurityOpt,
      ReadonlyRootfs: HostConfig?.ReadonlyRootfs,
      Memory: HostConfig?.Memory,
      MemorySwap: HostConfig?.MemorySwap,
      PidsLimit: HostConfig?.PidsLimit,
      Privileged: HostConfig?.Privileged,
    },
    {
      CapDrop: ['ALL'],
      CapAdd: ['CHOWN'],
      SecurityOpt: ['no-new-privileges:true'],
      ReadonlyRootfs: true,
      Memory: 67_108_864,
      MemorySwap: 67_108_864,
      PidsLimit: 9,
      Privileged: undefined,
    },
  )
  assert.equal(createOptionsOf(spec({ privileged: true }), 'me').HostConfig?.Privileged, true)
})

test('the labels of ownership cannot be given by a spec', () => {
  const { Labels } = createOptionsOf(spec({ labels: { 'maru.owner': 'other', mine: 'yes' } }), 'me')
  assert.equal(Labels?.['maru.owner'], 'me')
  assert.equal(Labels?.mine, 'yes')
})

test('what comes first in turn says so; what says nothing has the weight that the engine gives', () => {
  assert.equal(createOptionsOf(spec({ cpuShares: 16_384 }), 'me').HostConfig?.CpuShares, 16_384)
  assert.equal('CpuShares' in (createOptionsOf(spec(), 'me').HostConfig ?? {}), false)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MESH_COMPONENTS } from '#platform/mesh/index.ts'
import type { HostsPlace } from './hosts-place.ts'
import { behindWay } from './parts-of-host.ts'

const place = { installation: { name: 'maru', subnet: '10.89' } } as Pick<HostsPlace, 'installation'>

test('each way leads to the part that it stands for; those to members of the store are asked by the store itself', () => {
  const ways = MESH_COMPONENTS.filter((component) => component.startsWith('way-')).sort()
  assert.deepEqual(
    ways.map((way) => [way, behindWay(place, way)]),
    [
      ['way-control', 'https://10.89.1.30:7700/'],
      ['way-control-2', 'https://10.89.1.31:7700/'],
      ['way-etcd-1', undefined],
      ['way-etcd-2', undefined],
      ['way-etcd-3', undefined],
      ['way-postgres-1', 'https://10.89.0.11:8008/'],
      ['way-postgres-2', 'https://10.89.0.12:8008/'],
    ],
  )
})

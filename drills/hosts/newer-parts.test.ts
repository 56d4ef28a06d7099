import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stillThe } from './newer-parts.ts'

const before = [
  { id: 'a1', name: 'maru-edge' },
  { id: 'b1', name: 'maru-mesh' },
]

test('a part counts as replaced when its name is that of another container which runs', () => {
  const now = [
    { id: 'a2', name: 'maru-edge', state: 'running' },
    { id: 'b2', name: 'maru-mesh', state: 'running' },
    // The one before ends with its last connection.
    { id: 'a1', name: 'maru-edge-old', state: 'running' },
  ] as const
  assert.deepEqual(stillThe(before, now), [])
})

test('one that stays, one that is gone and one that does not run yet are told', () => {
  const same = { id: 'a1', name: 'maru-edge', state: 'running' } as const
  const stopped = { id: 'a2', name: 'maru-edge', state: 'created' } as const
  const other = { id: 'b2', name: 'maru-mesh', state: 'running' } as const
  assert.deepEqual(stillThe(before, [same, other]), ['maru-edge'])
  assert.deepEqual(stillThe(before, [stopped, other]), ['maru-edge'])
  assert.deepEqual(stillThe(before, [other]), ['maru-edge'])
})

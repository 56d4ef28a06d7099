import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryGroupOf } from './cgroup-memory.ts'

test('the group that counts memory is found under version 1, version 2 and both', () => {
  assert.deepEqual(memoryGroupOf('0::/system.slice/docker-ab.scope\n'), {
    version: 2,
    path: '/system.slice/docker-ab.scope',
  })
  const both = '5:devices:/docker/ab\n4:memory:/docker/ab\n1:cpu,cpuacct:/docker/ab\n0::/other\n'
  assert.deepEqual(memoryGroupOf(both), { version: 1, path: '/docker/ab' })
  assert.equal(memoryGroupOf(''), undefined)
})

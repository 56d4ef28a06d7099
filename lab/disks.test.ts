import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mountOf, otherDisks } from './disks.ts'

const mount = (path: string, kind: string) =>
  `36 23 254:0 / ${path} rw,relatime shared:1 - ${kind} /dev/vda rw`

test('a file system of a disk is seen in a host, but not what it has for itself', () => {
  const mountinfo = [
    mount('/', 'ext4'),
    mount('/var', 'xfs'),
    mount('/boot', 'ext4'),
    mount('/var/lib/docker', 'ext4'),
    mount('/var/lib/docker/overlay2', 'ext4'),
    mount('/tmp', 'ext4'),
    mount('/proc', 'proc'),
    mount('/mnt/share', 'nfs4'),
    mount('/mnt/with\\040space', 'ext4'),
    mount('/srv/lab/hosts', 'ext4'),
    mount('/boot', 'ext4'),
  ].join('\n')
  assert.deepEqual(otherDisks(mountinfo, ['/srv/lab']), ['/boot', '/var'])
})

test('a path is in the mount that is nearest above it', () => {
  const mountinfo = [mount('/', 'ext4'), mount('/var', 'xfs'), mount('/proc', 'proc')].join('\n')
  assert.equal(mountOf(mountinfo, '/var/lib/maru-lab'), '/var')
  assert.equal(mountOf(mountinfo, '/variable'), '/')
  assert.equal(mountOf(mountinfo, '/proc/1'), '/')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldersOf, inGroups, parseGroupTrees } from './control-groups.ts'

const ROOT = '23 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard'

test('beside version 1, the hierarchy of version 2 is the unified one', () => {
  const mountinfo = [
    ROOT,
    '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
    '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct',
    '33 31 0:30 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
    '34 31 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
  ].join('\n')
  assert.deepEqual(parseGroupTrees(mountinfo), {
    unified: '/sys/fs/cgroup/unified',
    others: ['/sys/fs/cgroup/cpu,cpuacct', '/sys/fs/cgroup/memory'],
  })
})

test('version 2 alone has one hierarchy, and without it there is nothing to freeze', () => {
  const mountinfo = `${ROOT}\n30 23 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate`
  assert.deepEqual(parseGroupTrees(mountinfo), { unified: '/sys/fs/cgroup', others: [] })
  assert.equal(parseGroupTrees(`${ROOT}\n33 31 0:30 / /c rw - cgroup cgroup rw,memory`), undefined)
})

test('a group has a folder in each hierarchy, and a program is started in all of them', () => {
  const folders = foldersOf({ unified: '/c/unified', others: ['/c/cpu'] }, 'lab/one')
  assert.deepEqual(folders, ['/c/cpu/lab/one', '/c/unified/lab/one'])
  const [program, ...rest] = inGroups(folders, ['sleep', '1'])
  assert.match(program, /join-groups\.sh$/)
  assert.deepEqual(rest, ['/c/cpu/lab/one', '/c/unified/lab/one', '--', 'sleep', '1'])
})

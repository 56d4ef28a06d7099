import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { findUsageGroup, groupOf, readUsage } from './cgroup-usage.ts'

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maru-cgroup-'))
})
after(() => rm(folder, { recursive: true, force: true }))

test('the group that counts memory is found under version 1, version 2 and both', () => {
  assert.deepEqual(groupOf('0::/system.slice/docker-ab.scope\n', 'memory'), {
    version: 2,
    path: '/system.slice/docker-ab.scope',
  })
  const both = '5:devices:/docker/ab\n4:memory:/docker/ab\n1:cpu,cpuacct:/docker/cd\n0::/other\n'
  assert.deepEqual(groupOf(both, 'memory'), { version: 1, path: '/docker/ab' })
  assert.deepEqual(groupOf(both, 'cpuacct'), { version: 1, path: '/docker/cd' })
  assert.equal(groupOf('', 'memory'), undefined)
})

async function writeGroup(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const group = join(folder, name)
  await mkdir(group)
  for (const [file, text] of Object.entries(files)) await writeFile(join(group, file), text)
  return group
}

test('version 1 counts nanoseconds, version 2 microseconds; cache that gives way is no use', async () => {
  const old = await writeGroup('old', {
    'memory.usage_in_bytes': '5000\n',
    'memory.stat': 'cache 900\ntotal_inactive_file 800\n',
    'cpuacct.usage': '2500000\n',
  })
  const unified = await writeGroup('unified', {
    'memory.current': '7000\n',
    'memory.stat': 'anon 1\ninactive_file 1000\n',
    'cpu.stat': 'usage_usec 42\nuser_usec 40\nsystem_usec 2\n',
  })
  const one = await readUsage({ version: 1, memory: old, cpu: old })
  const two = await readUsage({ version: 2, memory: unified, cpu: unified })
  assert.deepEqual([one?.memoryBytes, one?.cpuUs], [4200, 2500])
  assert.deepEqual([two?.memoryBytes, two?.cpuUs], [6000, 42])
  assert.notEqual(one?.life, two?.life)
})

test('a group that is gone is no error, and the process of nobody has none', async () => {
  const gone = join(folder, 'gone')
  assert.equal(await readUsage({ version: 2, memory: gone, cpu: gone }), undefined)
  assert.equal(await findUsageGroup(0), undefined)
})

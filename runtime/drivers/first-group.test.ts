import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { exists } from './files.ts'
import { firstGroupOf, removeFirstGroup, weighFirstGroup } from './first-group.ts'

const OLD = { cgroupDriver: 'cgroupfs', cgroupVersion: '1' } as const
const NEW = { cgroupDriver: 'cgroupfs', cgroupVersion: '2' } as const
const SYSTEMD = { cgroupDriver: 'systemd', cgroupVersion: '2' } as const

/** A folder that looks like the machine's tree; the kernel's own is in the system tests. */
async function tree(t: TestContext, files: Record<string, string> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'maru-groups-'))
  t.after(() => rm(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return root
}

test('what is first in turn has a group of its own where no systemd makes one for each container', () => {
  assert.equal(firstGroupOf(OLD), '/maru-first')
  assert.equal(firstGroupOf(NEW), '/maru-first')
  assert.equal(firstGroupOf(SYSTEMD), undefined)
})

test('the group weighs as eight processes, in the words of either version of the kernel’s groups', async (t) => {
  const root = await tree(t, { 'cpu/maru-first/cpu.shares': '1024\n', 'maru-first/cpu.weight': '100\n' })
  await weighFirstGroup(OLD, root)
  await weighFirstGroup(NEW, root)
  assert.equal(await readFile(join(root, 'cpu/maru-first/cpu.shares'), 'utf8'), '8192')
  assert.equal(await readFile(join(root, 'maru-first/cpu.weight'), 'utf8'), '800')
})

test('before its first container, and where systemd has the groups, nothing is written', async (t) => {
  const root = await tree(t, { 'maru-first/cpu.weight': '100\n' })
  await weighFirstGroup(OLD, root)
  await weighFirstGroup(SYSTEMD, root)
  assert.equal(await exists(join(root, 'cpu')), false)
  assert.equal(await readFile(join(root, 'maru-first/cpu.weight'), 'utf8'), '100\n')
})

test('the group goes from every tree; one that is not there is no trouble', async (t) => {
  const root = await tree(t)
  await mkdir(join(root, 'cpu/maru-first'), { recursive: true })
  await mkdir(join(root, 'memory/maru-first'), { recursive: true })
  await mkdir(join(root, 'pids'))
  await removeFirstGroup(OLD, root)
  assert.deepEqual(
    await Promise.all(['cpu', 'memory', 'pids'].map((one) => exists(join(root, one, 'maru-first')))),
    [false, false, false],
  )
})

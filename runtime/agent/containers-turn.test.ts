import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { weighContainers } from './containers-turn.ts'

async function weighed(
  t: TestContext,
  file: string,
  have: string,
  engine: Parameters<typeof weighContainers>[0],
) {
  const root = await mkdtemp(join(tmpdir(), 'maru-groups-'))
  t.after(() => rm(root, { recursive: true }))
  await mkdir(dirname(join(root, file)), { recursive: true })
  await writeFile(join(root, file), `${have}\n`)
  await weighContainers(engine, root)
  return (await readFile(join(root, file), 'utf8')).trim()
}

test('all containers together weigh as much as eight processes of the machine, in both versions of control groups', async (t) => {
  assert.equal(
    await weighed(t, 'cpu/docker/cpu.shares', '1024', { cgroupVersion: '1', cgroupDriver: 'cgroupfs' }),
    '8192',
  )
  assert.equal(
    await weighed(t, 'docker/cpu.weight', '100', { cgroupVersion: '2', cgroupDriver: 'cgroupfs' }),
    '800',
  )
})

test('a weight that somebody set stays, and so does what is systemd’s', async (t) => {
  assert.equal(
    await weighed(t, 'cpu/docker/cpu.shares', '4096', { cgroupVersion: '1', cgroupDriver: 'cgroupfs' }),
    '4096',
  )
  assert.equal(
    await weighed(t, 'docker/cpu.weight', '100', { cgroupVersion: '2', cgroupDriver: 'systemd' }),
    '100',
  )
})

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import manifest from '#package.json' with { type: 'json' }
import { programVersion } from './program-version.ts'

test('copies of the program with other migrations have other versions, also where package.json has the same one', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-test-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'package.json'), '{ "version": "1.4.0" }')
  await mkdir(join(folder, 'migrations'))
  for (const name of ['0009-one.sql', '0010-two.sql', 'README.md'])
    await writeFile(join(folder, 'migrations', name), '')
  assert.equal(await programVersion(folder), '1.4.0+10')
  await writeFile(join(folder, 'migrations/0011-three.sql'), '')
  assert.equal(await programVersion(folder), '1.4.0+11')
})

test('this copy has one, too, in the form that a request to join may have', async () => {
  const version = await programVersion(join(import.meta.dirname, '..'))
  assert.match(version, /^\d+\.\d+\.\d+\+\d+$/)
  assert.ok(version.startsWith(`${manifest.version}+`) && version.length <= 50)
})

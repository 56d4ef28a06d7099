import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { removeStraySlugs } from './slug-store.ts'

test('slugs that no image is made of go once no build can be under way, and their empty folders with them', async () => {
  const home = await mkdtemp(join(tmpdir(), 'maru-slugs-'))
  const root = join(home, 'artifacts/slugs')
  for (const file of ['app_one/used.tar.gz', 'app_one/old.tar.gz', 'app_two/old.tar.gz']) {
    await mkdir(join(root, file, '..'), { recursive: true })
    await writeFile(join(root, file), 'x')
  }
  const used = new Set(['app_one/used.tar.gz'])
  assert.equal(await removeStraySlugs(home, used, new Date()), 0, 'young ones stay')
  assert.equal(await removeStraySlugs(home, used, new Date(Date.now() + 2 * 3600_000)), 2)
  assert.deepEqual(await readdir(root), ['app_one'])
  assert.deepEqual(await readdir(join(root, 'app_one')), ['used.tar.gz'])
  await rm(home, { recursive: true })
})

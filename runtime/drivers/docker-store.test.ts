import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { chainIds, shareImages } from './docker-store.ts'

test('a layer is named after itself and all below it, as the image specification says', () => {
  const [one, two, three] = ['sha256:aa', 'sha256:bb', 'sha256:cc'] as const
  const hash = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
  const second = hash(`${one} ${two}`)
  assert.deepEqual(chainIds([one, two, three]), [one, second, hash(`${second} ${three}`)])
  assert.deepEqual(chainIds([]), [])
})

test('only the images that are asked for are shared, whole, and what was there half is gone', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-store-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const [from, to] = [join(folder, 'from'), join(folder, 'to')]
  const put = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  const image = (name: string, diffId: string) =>
    put(
      join(from, 'image/overlay2/imagedb/content/sha256', name),
      JSON.stringify({ rootfs: { diff_ids: [diffId] } }),
    )
  const layer = async (chain: string, cache: string) => {
    await put(join(from, 'image/overlay2/layerdb/sha256', chain, 'cache-id'), cache)
    await put(join(from, 'overlay2', cache, 'link'), cache.toUpperCase())
    await put(join(from, 'overlay2', cache, 'diff/file'), chain)
  }
  for (const [name, chain, cache] of [
    ['i1', 'c1', 'one'],
    ['i2', 'c2', 'two'],
  ] as const) {
    await image(name, `sha256:${chain}`)
    await layer(chain, cache)
  }
  await put(join(to, 'overlay2/half/link'), 'HALF')
  await shareImages(from, to, [{ id: 'sha256:i1', tags: ['maru/a:1', 'maru/a:latest'] }], async (pairs) => {
    for (const [one, other] of pairs) await cp(one, other, { recursive: true })
  })
  const index = await readFile(join(to, 'image/overlay2/repositories.json'), 'utf8')
  assert.equal(index, '{"Repositories":{"maru/a":{"maru/a:1":"sha256:i1","maru/a:latest":"sha256:i1"}}}')
  assert.equal(await readlink(join(to, 'overlay2/l/ONE')), '../one/diff')
  assert.equal(await readFile(join(to, 'overlay2/one/diff/file'), 'utf8'), 'c1')
  for (const absent of ['overlay2/two', 'overlay2/half', 'image/overlay2/layerdb/sha256/c2'])
    await assert.rejects(readFile(join(to, absent)), { code: 'ENOENT' })
})

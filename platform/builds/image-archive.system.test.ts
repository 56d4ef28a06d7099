import assert from 'node:assert/strict'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, test } from 'node:test'
import { extract, pack } from 'tar-stream'
import { AppId, AppName } from '#contract/ids.ts'
import { HOME } from '#contract/installation.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { exportImage, importImage } from './image-archive.ts'
import { SLUG_LABEL } from './slug-store.ts'
import { builtImage, makeTestBuilder, pkg, type TestBuilder } from './test-builder.ts'

let host: TestBuilder
let folder: string
before(async () => {
  host = await makeTestBuilder(221)
  folder = await mkdtemp(join(tmpdir(), 'maru-archive-'))
})
after(async () => {
  await host?.destroy()
  await rm(folder, { recursive: true, force: true })
})

const site = { 'index.html': 'hello' }

/** Keeps what would go over the wire; gives the file and its size. */
async function exported(image: string, whole: boolean) {
  const file = join(folder, `${image.slice(7, 19)}-${whole}.tar`)
  const tar = (await exportImage(host.docker, host.home, image, whole)) ?? assert.fail('it is not there')
  await pipeline(tar, createWriteStream(file))
  return { file, bytes: (await stat(file)).size }
}

const take = (image: string, file: string, owner = host.installation.id) =>
  importImage(host.docker, owner, image, createReadStream(file))

/** An archive whose manifest says something else. */
async function forged(file: string, change: (manifest: object[]) => object[]): Promise<Readable> {
  const [input, output] = [extract(), pack()]
  const reading = pipeline(createReadStream(file), input)
  for await (const entry of input) {
    const content = Buffer.concat(await Array.fromAsync(entry as AsyncIterable<Buffer>))
    const isManifest = entry.header.name === 'manifest.json'
    const text = isManifest ? JSON.stringify(change(JSON.parse(content.toString()))) : content
    output.entry({ name: entry.header.name }, text)
  }
  await reading
  output.finalize()
  return Readable.from(output)
}

test('a slug on a stack travels without the stack, and is the same image where the stack is', async () => {
  const image = builtImage(await host.build(site))
  const light = await exported(image, false)
  const whole = await exported(image, true)
  assert.ok(light.bytes < 20_000, `${light.bytes} bytes without the stack`)
  assert.ok(whole.bytes > 100 * light.bytes, `${whole.bytes} bytes with the stack`)
  for (const { file } of [light, whole]) {
    await host.docker.images.remove(image, { force: true })
    assert.equal(await host.docker.images.find(image), undefined)
    await take(image, file)
    assert.deepEqual((await host.docker.images.find(image))?.tags, [])
  }
})

test('an image of a Dockerfile travels whole', async () => {
  const image = builtImage(await host.build({ Dockerfile: 'FROM maru/app:latest\nCMD ["true"]\n' }))
  const { file } = await exported(image, false)
  await host.docker.images.remove(image, { force: true })
  await take(image, file)
  assert.equal((await host.docker.images.find(image))?.id, image)
})

test('what is sent takes no name, and is refused when it is not what was announced', async () => {
  const image = builtImage(await host.build(site))
  const { file } = await exported(image, false)
  await host.docker.images.remove(image, { force: true })
  const base = (await host.docker.images.find('maru/base:latest'))?.id
  const named = await forged(file, ([one]) => [{ ...one, RepoTags: ['maru/base:latest'] }])
  await importImage(host.docker, host.installation.id, image, named)
  assert.equal((await host.docker.images.find('maru/base:latest'))?.id, base)
  const refused = { code: 'hosts.image_refused' }
  await assert.rejects(take(`sha256:${'0'.repeat(64)}`, file), refused)
  await assert.rejects(take(image, file, 'another-installation'), refused)
})

test('layers that are on neither side are a refusal, and nothing stays', async () => {
  const image = builtImage(await host.build({ 'index.html': 'other' }))
  const { file } = await exported(image, false)
  await host.docker.images.remove(image, { force: true })
  const foreign = await forged(file, ([one]) => [{ ...one, Layers: ['nowhere.tar', 'nowhere.tar'] }])
  await assert.rejects(importImage(host.docker, host.installation.id, image, foreign), {
    code: 'hosts.image_refused',
  })
  assert.equal(await host.docker.images.find(image), undefined)
})

test('a host that has only the image puts the same files on another stack, and has the slug then', async () => {
  const { docker, home } = host
  const files = { 'package.json': pkg({ scripts: { start: 'node a.js' } }), 'a.js': '1', 'b/c.txt': 'c' }
  const image = builtImage(await host.build(files))
  const { labels, layers: before } = (await docker.images.find(image)) ?? assert.fail('it is not there')
  const appId = AppId.parse(labels[LABELS.appId])
  const slug = labels[SLUG_LABEL] ?? ''
  const request = { app: AppName.parse('app'), appId, release: 1, slug, stack: null, nodeMajor: null }
  await rm(join(home, HOME.slugs, slug))
  const made = await host.restack(request)
  const { layers } = (await docker.images.find(made.image ?? '')) ?? assert.fail('it was not made')
  assert.deepEqual(layers, before, 'the same stack and the same files are the same layers')
  assert.equal(made.slug?.bytes, (await stat(join(home, HOME.slugs, made.slug?.file ?? ''))).size)
  assert.deepEqual(await host.leftovers(), [])

  await rm(join(home, HOME.slugs, made.slug?.file ?? ''))
  const absent = { code: 'hosts.image_not_found' }
  await assert.rejects(host.restack({ ...request, slug: `${appId}/${'0'.repeat(64)}.tar.gz` }), absent)
  await assert.rejects(host.restack({ ...request, appId: AppId.parse('app_another0000') }), absent)
})

test('an image that is not here is no archive', async () =>
  assert.equal(await exportImage(host.docker, host.home, `sha256:${'1'.repeat(64)}`, false), undefined))

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import tar from 'tar-stream'
import { run } from '#runtime/drivers/process.ts'
import { docker } from '#tools/test-installation.ts'
import { builtImage, makeTestBuilder, type TestBuilder } from './test-builder.ts'

const PORT = 20_219
const REGISTRY = `127.0.0.1:${PORT}`

let host: TestBuilder
let folder: string
let registry: ChildProcess

before(async () => {
  host = await makeTestBuilder(220)
  folder = await mkdtemp(join(tmpdir(), 'maru-registry-'))
  const config = join(folder, 'config.json')
  const storage = { filesystem: { rootdirectory: join(folder, 'data') } }
  await writeFile(config, JSON.stringify({ version: 0.1, storage, http: { addr: REGISTRY } }))
  registry = spawn(await unpackRegistry(folder), ['serve', config], { stdio: 'ignore' })
  await answering()
})
after(async () => {
  registry?.kill()
  await host?.destroy()
  await rm(folder, { recursive: true, force: true })
})

/** Debian's registry, unpacked and not installed: installed, it would listen on every address of the machine. */
async function unpackRegistry(into: string): Promise<string> {
  await run(['apt-get', 'update', '-qq'])
  const got = await run(['apt-get', 'download', '-qq', 'docker-registry'], { cwd: into })
  assert.equal(got.exitCode, 0, got.stderr)
  const file = (await readdir(into)).find((name) => name.endsWith('.deb')) ?? assert.fail('no package came')
  const unpacked = await run(['dpkg-deb', '--extract', file, 'registry'], { cwd: into })
  assert.equal(unpacked.exitCode, 0, unpacked.stderr)
  return join(into, 'registry/usr/bin/docker-registry')
}

async function answering(): Promise<void> {
  const deadline = performance.now() + 20_000
  while (performance.now() < deadline) {
    const ready = await fetch(`http://${REGISTRY}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) return
    await delay(50)
  }
  throw new Error('the registry does not answer')
}

/** A small image: the registry's work is not what is tested. */
const SMALL = 'FROM scratch\nCOPY hello /hello\nCMD ["/hello"]\n'

/** Puts an image into the registry that is nowhere else. */
async function publish(name: string, dockerfile: string): Promise<string> {
  const tag = `${REGISTRY}/${name}:1`
  const context = tar.pack()
  context.entry({ name: 'Dockerfile' }, dockerfile)
  context.entry({ name: 'hello' }, 'hello\n')
  context.finalize()
  await host.docker.images.build(Readable.from(context), { tag }, () => {})
  await docker('push', tag)
  await host.docker.images.remove(tag)
  assert.equal(await host.docker.images.find(tag), undefined)
  return tag
}

test('an image that is not here yet is brought from its registry', async (t) => {
  const tag = await publish('base', `${SMALL}ENV FROM_REGISTRY=yes\n`)
  t.after(() => host.docker.images.remove(tag))
  const done = await host.build({ Dockerfile: `FROM ${tag}\nENV MINE=too\n` })
  const env = (await host.docker.images.find(builtImage(done)))?.env ?? []
  assert.ok(env.includes('FROM_REGISTRY=yes') && env.includes('MINE=too'), env.join(' '))
  assert.ok(done.lines.includes(`Pulling ${tag}`), done.lines.join('\n'))
})

test('an image that is nowhere is an error that names it', async () => {
  const done = await host.build({ Dockerfile: `FROM ${REGISTRY}/nothing:1\n` })
  assert.equal(done.error?.code, 'apps.build_failed')
  assert.match(done.error?.message ?? 'built', /nothing/)
})

test("a public image can't copy from another app's image by what it adds to every Dockerfile", async (t) => {
  builtImage(await host.build({ Dockerfile: 'FROM maru/app:latest\nCMD ["true"]\n' }, { app: 'shop' }))
  const victim = `${host.installation.name}-app-shop:v1`
  for (const trigger of [
    `COPY --from=${victim} / /stolen/`,
    'COPY --from=0 / /stolen/',
    `ADD --from=${victim} / /x/`,
  ]) {
    const tag = await publish('trigger', `${SMALL}ONBUILD ${trigger}\n`)
    t.after(() => host.docker.images.remove(tag))
    const done = await host.build({ Dockerfile: `FROM ${tag}\n` }, { app: 'thief' })
    assert.match(done.error?.message ?? 'built', /ONBUILD/, trigger)
    await host.docker.images.remove(tag)
  }
  const harmless = await publish('harmless', `${SMALL}ONBUILD ENV ADDED=1\n`)
  t.after(() => host.docker.images.remove(harmless))
  const image = builtImage(await host.build({ Dockerfile: `FROM ${harmless}\n` }))
  assert.ok((await host.docker.images.find(image))?.env.includes('ADDED=1'))
})

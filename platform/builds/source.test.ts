import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test as run } from 'node:test'
import { createGunzip, gzipSync } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import { MaruError } from '#contract/errors.ts'
import { packSource } from './pack.ts'
import { receiveSource } from './receive.ts'
import { SOURCE_LIMITS } from './source-limits.ts'
import type { TarHeader } from './tar-header.ts'

let dir = ''
/** A test with a folder of its own. */
const test = (name: string, work: () => Promise<void>) =>
  run(name, async (t) => {
    dir = await mkdtemp(join(tmpdir(), 'maru-source-'))
    t.after(() => rm(dir, { recursive: true, force: true }))
    await work()
  })

async function write(files: Record<string, string>): Promise<string> {
  const root = join(dir, 'app')
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}

async function entriesOf(archive: Buffer): Promise<Record<string, TarHeader>> {
  const found: Record<string, TarHeader> = {}
  const tar = extract()
  Readable.from([archive])
    .pipe(createGunzip())
    .pipe(tar as unknown as NodeJS.WritableStream)
  for await (const entry of tar) {
    found[entry.header.name] = entry.header
    entry.resume()
  }
  return found
}

const refused = (code: string, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MaruError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, words)
  return true
}

const APP = { 'package.json': '{"scripts":{"start":"node server.js"}}', 'server.js': '' }

test('packs what the ignore files leave, and never secrets, packages or history', async () => {
  const root = await write({
    ...APP,
    '.gitignore': '*.log\ndist/\n!keep.log\n',
    '.maruignore': 'docs\n',
    '.env': 'A=1',
    '.env.production': 'A=1',
    '.env.example': 'A=',
    'a.log': '',
    'keep.log': '',
    'dist/x': '',
    'docs/x': '',
    'node_modules/x/index.js': '',
    'lib/node_modules/y/index.js': '',
    '.git/HEAD': '',
    'lib/.gitignore': '/local\n!*.log\n',
    'lib/local': '',
    'lib/b.log': '',
    'local/x': '',
  })
  const packed = await packSource(root)
  const entries = Object.values(await entriesOf(await buffer(packed.stream)))
  assert.deepEqual(
    entries.filter(({ type }) => type === 'file').map(({ name }) => name),
    [
      '.env.example',
      '.gitignore',
      '.maruignore',
      'keep.log',
      'lib/.gitignore',
      'lib/b.log',
      'local/x',
      ...Object.keys(APP),
    ].sort(),
  )
  assert.ok(packed.skipped.includes('.env'))
  assert.ok(packed.skipped.includes('node_modules/'))
})

test('the same content gives the same bytes', async () => {
  const root = await write(APP)
  const first = await buffer((await packSource(root)).stream)
  await writeFile(join(root, 'server.js'), '')
  assert.deepEqual(await buffer((await packSource(root)).stream), first)
})

test('what was packed is received with the same files, owned by the builder', async () => {
  const root = await write({ ...APP, 'a "quoted" $(name).txt': 'x', 'deep/er/file': 'y'.repeat(100_000) })
  await symlink('deep/er', join(root, 'short'))
  const file = join(dir, 'stored.tar.gz')
  const received = await receiveSource((await packSource(root)).stream, file)
  assert.equal(received.recipe.kind, 'node')
  assert.equal(received.sizeBytes, (await stat(file)).size)
  const entries = await entriesOf(await (await import('node:fs/promises')).readFile(file))
  assert.deepEqual(
    Object.keys(entries).sort(),
    [
      './',
      'a "quoted" $(name).txt',
      'deep/',
      'deep/er/',
      'deep/er/file',
      'package.json',
      'server.js',
      'short',
    ].sort(),
  )
  assert.equal(entries['deep/er/file']?.uid, 10003)
})

test('refuses to pack links that leave, bad names and special files', async () => {
  const root = await write(APP)
  await symlink('../outside', join(root, 'out'))
  await assert.rejects(packSource(root), refused('apps.source_invalid', /"out" leads outside/))
  await rm(join(root, 'out'))
  await writeFile(join(root, 'two\nlines'), '')
  await assert.rejects(packSource(root), refused('apps.source_invalid', /control character/))
  await rm(join(root, 'two\nlines'))
  await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), '')
  await assert.rejects(packSource(root), refused('apps.source_invalid', /not UTF-8/))
})

test('refuses to pack a link that leaves by way of another link', async () => {
  const root = await write({ ...APP, 'a/b/c/file': '' })
  await symlink('../../top', join(root, 'a/b/up'))
  await symlink('a/b/up/../../x', join(root, 'sly'))
  await assert.rejects(packSource(root), refused('apps.source_invalid', /"sly" leads outside/))
})

test('refuses too much before anything is sent', async () => {
  const root = await write({ ...APP, big: 'x'.repeat(5000) })
  const limits = { ...SOURCE_LIMITS, maxUnpackedBytes: 4096 }
  await assert.rejects(packSource(root, limits), refused('apps.source_too_large', /larger than/))
  const few = { ...SOURCE_LIMITS, maxFiles: 2 }
  await assert.rejects(packSource(root, few), refused('apps.source_too_large', /2 files/))
})

test('a compressed archive over its limit fails on the way', async () => {
  const root = await write({ ...APP, big: crypto.getRandomValues(Buffer.alloc(50_000)).toString('base64') })
  const { stream } = await packSource(root, { ...SOURCE_LIMITS, maxBytes: 1000 })
  await assert.rejects(buffer(stream), refused('apps.source_too_large', /larger than/))
})

async function hostile(...entries: Array<TarHeader & { body?: string }>): Promise<Readable> {
  const tar = pack()
  for (const { body, ...header } of entries) tar.entry(header as TarHeader, body ?? '')
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  return Readable.from([gzipSync(Buffer.concat(chunks))])
}

const HOSTILE: ReadonlyArray<[string, Array<TarHeader & { body?: string }>, RegExp]> = [
  ['an absolute path', [{ name: '/etc/passwd', body: 'x' }], /empty|leads outside/],
  ['a path with ..', [{ name: 'a/../../b', body: 'x' }], /leads outside/],
  ['a backslash', [{ name: 'a\\b', body: 'x' }], /backslash/],
  ['a newline', [{ name: 'a\nb', body: 'x' }], /control character/],
  ['a link to /etc', [{ name: 'l', type: 'symlink', linkname: '/etc' }], /"l" leads outside/],
  ['a link that leaves', [{ name: 'a/l', type: 'symlink', linkname: '../../x' }], /leads outside/],
  [
    'a file below a link',
    [
      { name: 'l', type: 'symlink', linkname: 'a' },
      { name: 'l/x', body: 'x' },
    ],
    /not a folder/,
  ],
  [
    'a folder over a file',
    [
      { name: 'f', body: 'x' },
      { name: 'f/x', body: 'x' },
    ],
    /not a folder/,
  ],
  [
    'a duplicate',
    [
      { name: 'f', body: 'x' },
      { name: 'f', body: 'y' },
    ],
    /there twice/,
  ],
  ['a hard link', [{ name: 'h', type: 'link', linkname: '/etc/passwd' }], /neither a file/],
  ['a device', [{ name: 'd', type: 'character-device' }], /neither a file/],
  ['a pipe', [{ name: 'p', type: 'fifo' }], /neither a file/],
  ['secrets', [{ name: 'deep/.env', body: 'A=1' }], /secrets/],
]
for (const [what, entries, words] of HOSTILE) {
  test(`refuses to receive ${what}, and leaves no file`, async () => {
    const upload = await hostile({ name: 'package.json', body: APP['package.json'] }, ...entries)
    await assert.rejects(receiveSource(upload, join(dir, 's.tar.gz')), refused('apps.source_invalid', words))
    assert.deepEqual(await readdir(dir), [])
  })
}

test('a decompression bomb is cut off', async () => {
  const upload = await hostile({ name: 'zeros', body: '\0'.repeat(2_000_000) })
  const limits = { ...SOURCE_LIMITS, maxUnpackedBytes: 10_000, maxFiles: 10 }
  await assert.rejects(
    receiveSource(upload, join(dir, 's'), limits),
    refused('apps.source_too_large', /larger/),
  )
  assert.deepEqual(await readdir(dir), [])
})

for (const [what, bytes] of [
  ['no gzip', Buffer.from('hello')],
  ['gzip of no tar', gzipSync(Buffer.alloc(2048, 'x'))],
  ['a cut archive', gzipSync(Buffer.alloc(100_000)).subarray(0, 60)],
  ['nothing', Buffer.alloc(0)],
] as const) {
  test(`${what} is refused with a clear error`, async () => {
    await assert.rejects(
      receiveSource(Readable.from([bytes]), join(dir, 's')),
      (error: unknown) => error instanceof MaruError && error.code.startsWith('apps.source_'),
    )
    assert.deepEqual(await readdir(dir), [])
  })
}

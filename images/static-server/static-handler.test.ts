import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { SiteFiles } from './site-files.ts'
import { makeStaticHandler } from './static-handler.ts'

let dir = ''
let server: Server

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'maru-static-'))
  const site = join(dir, 'site')
  await mkdir(join(site, 'docs'), { recursive: true })
  await mkdir(join(site, '.git'))
  const files = {
    'index.html': '<h1>home</h1>',
    'about.html': 'about',
    'docs/index.html': 'docs',
    'app-3f2a9c1d.js': 'let a',
    'style.css': 'body{}',
    '404.html': 'lost',
    'odd #1?.txt': 'odd',
    '.git/HEAD': 'secret',
    '.env': 'secret',
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(site, name), content)
  await writeFile(join(site, 'style.css.gz'), gzipSync('body{}'))
  await writeFile(join(dir, 'outside.txt'), 'secret')
  await symlink('../outside.txt', join(site, 'link-out'))
  server = createServer(makeStaticHandler(site, new SiteFiles(site)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  server.close()
  await rm(dir, { recursive: true })
})

/** The path goes out as it is: fetch would tidy `..` away. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { port } = server.address() as AddressInfo
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      request({ port, path, headers, method, host: '127.0.0.1' }, async (response) => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await text(response) })
      })
        .on('error', reject)
        .end()
    },
  )
}

test('index pages, pages without .html, odd names and types', async () => {
  const home = await get('/')
  assert.deepEqual([home.status, home.body], [200, '<h1>home</h1>'])
  assert.equal(home.headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(home.headers['cache-control'], 'no-cache')
  assert.equal((await get('/about')).body, 'about')
  assert.equal((await get('/docs/')).body, 'docs')
  assert.equal((await get('/odd%20%231%3F.txt')).body, 'odd')
  assert.match(String((await get('/app-3f2a9c1d.js')).headers['cache-control']), /immutable/)
})

test('a folder leads to its address with a slash, on this site only', async () => {
  assert.deepEqual(
    [(await get('/docs')).status, (await get('/docs?a=1')).headers.location],
    [308, '/docs/?a=1'],
  )
  assert.equal((await get('//docs')).status, 404)
})

test('nothing outside, nothing hidden', async () => {
  for (const path of [
    '/../outside.txt',
    '/link-out',
    '/..%2foutside.txt',
    '/%2e%2e/outside.txt',
    '/.env',
    '/.git/HEAD',
    '/docs/../../outside.txt',
    '/a%00b',
    '/%ff',
  ]) {
    const { status, body } = await get(path)
    assert.ok(status === 404 || status === 400, `${path}: ${status}`)
    assert.doesNotMatch(body, /secret/)
  }
})

test('tags, ranges, HEAD and compressed forms', async () => {
  const first = await get('/style.css')
  const tag = String(first.headers.etag)
  assert.equal((await get('/style.css', { 'if-none-match': tag })).status, 304)
  const part = await get('/style.css', { range: 'bytes=-2' })
  assert.deepEqual([part.status, part.body, part.headers['content-range']], [206, '{}', 'bytes 4-5/6'])
  assert.equal((await get('/style.css', { range: 'bytes=0-0' })).body, 'b')
  assert.equal((await get('/style.css', { range: 'bytes=99-' })).status, 416)
  const packed = await get('/style.css', { 'accept-encoding': 'gzip, br' })
  assert.deepEqual(
    [packed.headers['content-encoding'], packed.headers['content-type']],
    ['gzip', 'text/css; charset=utf-8'],
  )
  assert.notEqual(packed.headers.etag, tag)
  assert.equal(
    (await get('/style.css', { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'],
    undefined,
  )
  const head = await get('/style.css', {}, 'HEAD')
  assert.deepEqual([head.body, head.headers['content-length']], ['', '6'])
})

test('health, absent pages and other methods', async () => {
  assert.equal((await get('/health')).status, 200)
  const lost = await get('/nothing', { range: 'bytes=0-1' })
  assert.deepEqual([lost.status, lost.body], [404, 'lost'])
  assert.equal((await get('/', {}, 'POST')).status, 405)
})

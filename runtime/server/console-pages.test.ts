import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { loadConsole } from './console-pages.ts'
import { handlers, routes } from './test-routes.ts'
import { makeTestServer } from './test-server.ts'

const PAGE =
  '<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><script src="/assets/a-1.js"></script>'
const SCRIPT = `console.log(${JSON.stringify('x'.repeat(2000))})`
const AS_BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

let folder: string
let server: ReturnType<typeof makeTestServer>
const bare = makeTestServer(routes, handlers, { console: { pages: undefined } })

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maru-console-'))
  await mkdir(join(folder, 'dist/assets'), { recursive: true })
  const put = (path: string, content: string | Buffer) => writeFile(join(folder, path), content)
  await put('secret.txt', 'not for visitors')
  await put('dist/index.html', PAGE)
  await put('dist/favicon.svg', '<svg/>')
  await put('dist/assets/a-1.js', SCRIPT)
  await put('dist/assets/a-1.js.br', brotliCompressSync(SCRIPT))
  await put('dist/assets/a-1.js.gz', gzipSync(SCRIPT))
  const pages = await loadConsole(join(folder, 'dist'))
  assert.ok(pages)
  server = makeTestServer(routes, handlers, { console: { pages } })
})
after(async () => {
  await Promise.all([server.close(), bare.close()])
  await rm(folder, { recursive: true })
})

const get = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  server.inject({ method: 'GET', url, headers: { ...headers } })

test('every address of the console is its one page, with a nonce of its own for each answer', async () => {
  const nonces = new Set<string>()
  for (const path of ['/', '/sign-in', '/setup', '/apps/shop', '/apps/shop/logs?since=1', '/platform']) {
    const answer = await get(path, AS_BROWSER)
    assert.equal(answer.statusCode, 200, path)
    assert.match(String(answer.headers['content-type']), /^text\/html/)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const nonce = /content="([^"]+)"/.exec(answer.body)?.[1] ?? ''
    assert.match(nonce, /^[A-Za-z0-9+/]{22}==$/)
    assert.ok(String(answer.headers['content-security-policy']).includes(`style-src 'self' 'nonce-${nonce}'`))
    nonces.add(nonce)
  }
  assert.equal(nonces.size, 6)
})

test('the page allows nothing that it does not need', async () => {
  const { headers } = await get('/', AS_BROWSER)
  const policy = String(headers['content-security-policy'])
  assert.deepEqual(policy.replace(/'nonce-[^']+'/, 'NONCE').split('; '), [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' NONCE",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ])
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['referrer-policy'], 'no-referrer')
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
})

test('assets come as they were compressed beforehand, and are kept for ever', async () => {
  const packed = await get('/assets/a-1.js', { 'accept-encoding': 'gzip, deflate, br' })
  assert.equal(packed.headers['content-encoding'], 'br')
  assert.equal(brotliDecompressSync(packed.rawPayload).toString(), SCRIPT)
  assert.match(String(packed.headers['content-type']), /javascript/)
  assert.equal(packed.headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.match(String(packed.headers.vary), /accept-encoding/i)
  const zipped = await get('/assets/a-1.js', { 'accept-encoding': 'gzip' })
  assert.equal(gunzipSync(zipped.rawPayload).toString(), SCRIPT)
  assert.equal((await get('/assets/a-1.js')).body, SCRIPT)
})

test('files beside the page are kept for a while only', async () => {
  const icon = await get('/favicon.svg')
  assert.deepEqual([icon.body, icon.headers['cache-control']], ['<svg/>', 'public, max-age=3600'])
  assert.match(String(icon.headers['content-type']), /svg/)
  assert.deepEqual([icon.headers.etag, icon.headers['last-modified']], [undefined, undefined])
})

test('what is not there is said in the API’s form to programs, and never as a page', async () => {
  for (const [path, headers] of [
    ['/v1/nothing', AS_BROWSER],
    ['/assets/gone-2.js', AS_BROWSER],
    ['/assets/', AS_BROWSER],
    ['/nothing', { accept: '*/*' }],
    ['/nothing', {}],
  ] as const) {
    const answer = await get(path, headers)
    assert.deepEqual([answer.statusCode, answer.json().error.code], [404, 'not_found'], path)
  }
  const posted = await server.inject({ method: 'POST', url: '/sign-in', headers: AS_BROWSER })
  assert.equal(posted.statusCode, 404)
})

test('nothing outside the folder is served', async () => {
  for (const path of [
    '/assets/../../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets//etc/passwd',
    '/assets/%00',
  ]) {
    const answer = await get(path)
    assert.ok([400, 404].includes(answer.statusCode), `${path}: ${answer.statusCode}`)
    assert.ok(!answer.body.includes('not for visitors'))
  }
})

test('a platform without the console says what to do', async () => {
  const answer = await bare.inject({ method: 'GET', url: '/', headers: AS_BROWSER })
  assert.deepEqual([answer.statusCode, answer.json().error.code], [503, 'platform.console_missing'])
  assert.match(answer.json().error.hint, /maru up/)
  assert.equal(await loadConsole(join(folder, 'nowhere')), undefined)
})

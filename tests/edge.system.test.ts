import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:http2'
import { after, before, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { run } from '#runtime/drivers/process.ts'
import { addressOf, cli, cliOk, folderWith, installation, nodeApp } from './harness.ts'
import { ask, ROOT_CERTIFICATE } from './https.ts'

const APP = 'edge-mirror'
const HOST = new URL(addressOf(APP)).hostname
const PORT = installation.ports.https

const MIRROR = `
import { createServer } from 'node:http'
createServer(async (request, response) => {
  let bytes = 0
  for await (const chunk of request) bytes += chunk.length
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ headers: request.headers, url: request.url, bytes }))
}).listen(process.env.PORT)
`

before(async () => {
  const cleanUp: Array<() => unknown> = []
  const context = { after: (work: () => unknown) => void cleanUp.push(work) }
  const folder = await folderWith(context as never, nodeApp(MIRROR))
  await cliOk(['deploy', folder, '--app', APP])
  for (const work of cleanUp) await work()
})
after(() => cli(['destroy', APP, '--confirm', APP]))

const seen = async (headers: Record<string, string>) =>
  (JSON.parse((await ask(APP, { headers })).body) as { headers: Record<string, string> }).headers

test('plain HTTP is sent on to HTTPS with the method kept', async () => {
  const { status, location } = await new Promise<{ status?: number; location?: string }>(
    (resolve, reject) => {
      const options = {
        port: installation.ports.http,
        path: '/a?b=c',
        method: 'POST',
        headers: { host: HOST },
      }
      request({ host: '127.0.0.1', ...options }, (response) => {
        response.resume()
        resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '' })
      })
        .on('error', reject)
        .end()
    },
  )
  assert.equal(status, 308)
  assert.equal(location, `${addressOf(APP)}/a?b=c`)
})

test('browsers are told to use HTTPS only', async () => {
  const { headers } = await ask(APP)
  assert.match(headers['strict-transport-security'] ?? '', /max-age=31536000/)
})

test('the certificate is for this app and signed by the installation', async () => {
  const socket = await handshake({ minVersion: 'TLSv1.3' })
  assert.equal(socket.authorized, true)
  assert.match(socket.getPeerCertificate().subjectaltname ?? '', new RegExp(`DNS:${HOST}`))
  socket.destroy()
})

test('TLS 1.2 and 1.3 are spoken, older versions are refused', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await handshake({ minVersion: version, maxVersion: version })
    assert.equal(socket.getProtocol(), version)
    socket.destroy()
  }
  for (const version of ['-tls1', '-tls1_1']) {
    const where = ['-connect', `127.0.0.1:${PORT}`, '-servername', HOST]
    const done = await run(['openssl', 's_client', ...where, version, '-cipher', 'ALL:@SECLEVEL=0'])
    assert.notEqual(done.exitCode, 0, `${version} was accepted`)
    assert.match(done.stdout + done.stderr, /alert|unsupported protocol/)
  }
})

test('weak ciphers are refused', async () => {
  const ciphers = 'AES128-SHA:AES256-SHA:AES128-GCM-SHA256'
  await assert.rejects(handshake({ maxVersion: 'TLSv1.2', ciphers }))
})

test('HTTP/2 is spoken', async () => {
  const session = connect(addressOf(APP), {
    ca: ROOT_CERTIFICATE,
    servername: HOST,
    lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }] as never, 4),
  })
  const status = await new Promise((resolve, reject) => {
    session.on('error', reject)
    session.request({ ':path': '/' }).on('response', (headers) => resolve(headers[':status']))
  })
  assert.equal(status, 200)
  assert.equal(session.alpnProtocol, 'h2')
  session.destroy()
})

test("the app sees the client's address, and nobody can pretend to be another", async () => {
  const headers = await seen({ 'x-forwarded-for': '192.0.2.66', 'x-forwarded-proto': 'http' })
  assert.doesNotMatch(headers['x-forwarded-for'] ?? '', /192\.0\.2\.66/)
  assert.match(headers['x-forwarded-for'] ?? '', /^[\d.:a-f]+$/)
  assert.equal(headers['x-forwarded-proto'], 'https')
  assert.ok(headers['x-request-id'])
})

test('an unknown host name gets a plain 404 that names nothing', async () => {
  const answer = await ask(APP, { headers: { host: `nobody.${installation.domain}:${PORT}` } })
  assert.equal(answer.status, 404)
  assert.doesNotMatch(answer.body, /maru|haproxy|nobody/i)
  assert.equal(answer.headers.server, undefined)
})

test('headers that are too large are refused, and the app is not asked', async () => {
  const answer = await ask(APP, { headers: { 'x-large': 'x'.repeat(40_000) } }).catch((error: Error) => error)
  if (answer instanceof Error) assert.match(answer.message, /ECONNRESET|EPIPE|hang up/)
  else assert.ok([400, 413, 431].includes(answer.status), String(answer.status))
})

test('a request of 20 MB arrives whole', async () => {
  const body = 'x'.repeat(20 * 1024 * 1024)
  const answer = await ask(APP, { method: 'POST', body, timeoutMs: 60_000 })
  assert.equal((JSON.parse(answer.body) as { bytes: number }).bytes, body.length)
})

function handshake(options: {
  minVersion?: 'TLSv1.2' | 'TLSv1.3'
  maxVersion?: 'TLSv1.2' | 'TLSv1.3'
  ciphers?: string
}) {
  return new Promise<TLSSocket>((resolve, reject) => {
    const where = { host: '127.0.0.1', port: PORT, servername: HOST, ca: ROOT_CERTIFICATE }
    const socket = connectTls({ ...where, ...options }, () => resolve(socket))
    socket.on('error', reject)
  })
}

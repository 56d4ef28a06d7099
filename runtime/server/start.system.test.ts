import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { API } from '#contract/api.ts'
import { HostIdentity } from '#contract/host-identity.ts'
import type { ControlConfig } from '#contract/installation.ts'
import { type Authority, openAuthority } from '#platform/trust/index.ts'
import { compose } from './compose.ts'
import { type Loop, startServer } from './start.ts'
import { makeTestDatabase, silent, type TestDatabase } from './test-database.ts'

const NAME = 'control.maru.internal'

let folder: string
let authority: Authority
let database: TestDatabase
let config: ControlConfig
let server: Loop

const startIt = () => startServer(config, compose(config), silent, database.connection)

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maru-start-'))
  database = await makeTestDatabase()
  authority = await openAuthority(join(folder, 'pki'))
  config = await makeConfig()
  server = await startIt()
})
after(async () => {
  await server.stop()
  await database.close()
  await rm(folder, { recursive: true })
})

async function makeConfig(): Promise<ControlConfig> {
  const certificate = await authority.issue({ commonName: NAME, dnsNames: [NAME], days: 1 })
  const write = async (name: string, content: string) => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  const installation = {
    id: 'inst_test',
    name: 'starttest',
    domain: 'maru.localhost',
    createdAt: '2026-01-01T00:00:00Z',
    ports: { http: 80, https: 443 },
    subnet: '10.250',
  }
  return {
    installation,
    version: '0.0.0-test',
    host: HostIdentity.parse({
      name: 'starttest',
      dataCentre: 'dc1',
      address: '127.0.0.1',
      role: 'full',
      first: true,
    }),
    database: { host: 'unused', port: 1, user: '', password: '', name: '', caFile: '' },
    appDatabase: { host: 'unused', port: 1 },
    patroni: [],
    patroniCa: '',
    masterKeyFile: await write('master', randomBytes(32).toString('base64')),
    authSecretFile: await write('auth', randomBytes(32).toString('hex')),
    caFile: await write('ca.crt', authority.rootPem),
    artifactsDir: join(folder, 'artifacts'),
    agentSocket: join(folder, 'no-agent.sock'),
    controlSocket: join(folder, 'control.sock'),
    listen: {
      host: '127.0.0.1',
      port: await freePort(),
      certFile: await write('server.crt', certificate.certPem),
      keyFile: await write('server.key', certificate.keyPem),
    },
    logLevel: 'error',
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** By TLS, verified against the installation's own authority. */
function askTls(path: string, headers = {}): Promise<Answer> {
  const { port } = config.listen
  const options = {
    host: '127.0.0.1',
    port,
    path,
    headers,
    ca: authority.rootPem,
    servername: NAME,
    agent: false,
  }
  return new Promise((resolve, reject) => {
    httpsRequest(options, async (response) =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }),
    )
      .on('error', reject)
      .end()
  })
}

function askRoot(method: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    httpRequest({ socketPath: config.controlSocket, method, path, agent: false }, async (response) =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }),
    )
      .on('error', reject)
      .end()
  })
}

test('health, the root certificate, OpenAPI and the reference are open to everyone', async () => {
  assert.deepEqual(JSON.parse((await askTls('/health')).body), { ok: true })
  assert.equal((await askTls('/ca.crt')).body, authority.rootPem)
  const openapi = JSON.parse((await askTls('/openapi.json')).body)
  assert.equal(openapi.openapi, '3.1.0')
  assert.ok(openapi.paths['/v1/apps/{app}/deploys'].post.requestBody)
  const page = await askTls('/docs')
  assert.match(String(page.headers['content-type']), /^text\/html/)
  assert.match(String(page.headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-/)
})

test('the local socket is root and belongs to its owner only; the open listener is nobody', async () => {
  assert.equal((await stat(config.controlSocket)).mode & 0o777, 0o600)
  assert.equal(JSON.parse((await askRoot('GET', '/v1/me')).body).kind, 'root')
  assert.equal((await askTls('/v1/me')).status, 401)
  assert.equal((await askTls('/v1/me', { authorization: 'Bearer maru_wrong' })).status, 401)
})

test('status tells that the agent is away instead of failing', async () => {
  const { components } = JSON.parse((await askRoot('GET', '/v1/status')).body)
  const states = Object.fromEntries(
    components.map(({ component, state }: { component: string; state: string }) => [component, state]),
  )
  assert.deepEqual(states, { agent: 'down', 'platform database': 'ok' })
})

test('guessing is limited for each source', async () => {
  const codes: number[] = []
  for (let i = 0; i < 22; i += 1) codes.push((await askTls('/v1/login', {})).status)
  // GET on a POST route is not a guess; it never reaches the limit.
  assert.ok(codes.every((code) => code === 405))
  const guess = () =>
    new Promise<Answer>((resolve, reject) => {
      const { port } = config.listen
      const headers = { 'content-type': 'application/json' }
      const options = {
        method: 'POST',
        host: '127.0.0.1',
        port,
        path: '/v1/setup',
        headers,
        ca: authority.rootPem,
      }
      httpsRequest({ ...options, servername: NAME, agent: false }, async (response) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }),
      )
        .on('error', reject)
        .end(
          JSON.stringify({ token: 'guess', email: 'a@example.org', name: 'A', password: 'twelve letters' }),
        )
    })
  const answers: Answer[] = []
  for (let i = 0; i < 22; i += 1) answers.push(await guess())
  assert.equal(answers.filter(({ status }) => status === 403).length, 20)
  const limited = answers.at(-1)
  assert.equal(limited?.status, 429)
  assert.ok(Number(limited?.headers['retry-after']) > 0)
})

test('every route of the API is registered', async () => {
  const routes = Object.values(API).flatMap((routes) => Object.values(routes))
  const answers = await Promise.all(
    routes
      .filter(({ method, kind }) => method === 'GET' && kind === 'json')
      .map(({ path }) => askTls(path.replaceAll(/\{\w+\}/g, 'op_2222'))),
  )
  assert.ok(answers.length > 10)
  assert.ok(answers.every(({ status }) => [200, 401].includes(status)))
})

test('it stops, lets the socket go, and starts again over the same data', async () => {
  const link = JSON.parse((await askRoot('POST', '/v1/setup-link')).body)
  assert.ok(link.token)
  await server.stop()
  await assert.rejects(askTls('/health'))
  server = await startIt()
  assert.equal((await askRoot('GET', '/v1/me')).status, 200)
})

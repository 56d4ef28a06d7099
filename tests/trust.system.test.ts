import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { before, type TestContext, test } from 'node:test'
import { PROMISES } from '#contract/promises.ts'
import { type PromiseId, type PromiseStatus, TrustReport } from '#contract/trust.ts'
import { openAuthority } from '#platform/trust/index.ts'
import { cli, cliError, cliJson, deploy, HOME, installation, newApp, waitFor } from './harness.ts'
import { ask } from './https.ts'
import { superuser } from './psql.ts'

const report = async () => TrustReport.parse(JSON.parse((await ask(undefined, { path: '/v1/trust' })).body))
const statusOf = (id: PromiseId) => cliJson<PromiseStatus>(['trust', id])

/** All checks, now. A busy machine may need a second try until everything stands. */
before(() =>
  waitFor('the checks to pass', async () => (await cli(['trust', 'verify'])).exitCode === 0, 120_000),
)

test('what was tried stands on the page, kept with its evidence', async () => {
  for (const id of ['CUS-1', 'DAT-2'] as const) {
    const { state, reason, evidence } = await statusOf(id)
    assert.deepEqual([state, reason], ['kept', null])
    assert.ok(evidence.every(({ passed, summary }) => passed && summary.length > 20))
  }
})

test('a tenant may enter its neighbour’s database: the promise is broken within one verify, and kept again once mended', async (t) => {
  const grant = 'connect on database app_probe12'
  t.after(() => superuser(`revoke ${grant} from app_probe11_a`))
  await superuser(`grant ${grant} to app_probe11_a`)
  const broken = await cli(['trust', 'verify'])
  assert.equal(broken.exitCode, 1)
  assert.match(broken.stderr, /DAT-2 is not kept/)
  const { state, reason } = await statusOf('DAT-2')
  assert.equal(state, 'not-yet')
  assert.match(reason ?? '', /entered its neighbour’s database.*1 of \d+ pairs/)

  await superuser(`revoke ${grant} from app_probe11_a`)
  assert.equal((await cli(['trust', 'verify'])).exitCode, 0)
  assert.equal((await statusOf('DAT-2')).state, 'kept')
})

test('the edge shows a certificate of somebody else: the promise is broken, and kept again once it is back', async (t) => {
  const file = join(HOME, 'edge/certs', `${installation.domain}.pem`)
  const right = await readFile(file, 'utf8')
  t.after(() => showCertificate(file, right))
  await showCertificate(file, await foreignCertificate(t, installation.domain))
  const broken = await cli(['trust', 'verify'])
  assert.equal(broken.exitCode, 1)
  assert.match(broken.stderr, /CUS-1 is not kept/)
  const { state, reason } = await statusOf('CUS-1')
  assert.equal(state, 'not-yet')
  assert.match(reason ?? '', /The platform’s own name got no handshake with a verified certificate/)

  await showCertificate(file, right)
  assert.equal((await cli(['trust', 'verify'])).exitCode, 0)
  assert.equal((await statusOf('CUS-1')).state, 'kept')
})

test('the page is one document that needs no script, public, and its policy allows none', async () => {
  const { status, headers, body } = await ask(undefined, { path: '/trust' })
  assert.equal(status, 200)
  assert.match(headers['content-type'] ?? '', /^text\/html/)
  assert.match(String(headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-/)
  assert.doesNotMatch(body, /<script|javascript:| on\w+=/)
  for (const [id, { wording }] of Object.entries(PROMISES)) {
    assert.ok(body.includes(`id="${id}"`), id)
    assert.ok(body.includes(wording.replaceAll("'", '&#39;')), id)
  }
  assert.equal(body.match(/✓ Kept/g)?.length, (await report()).kept)
})

test('what is public names no app and no private address', async (t) => {
  const app = newApp(t, 'very-secret-name')
  await deploy('examples/static-site', app)
  await cli(['trust', 'verify'])
  const { evidence } = await statusOf('CUS-1')
  assert.match(JSON.stringify(evidence), /and [1-9]\d* of \d+ apps/)
  for (const path of ['/trust', '/v1/trust']) {
    const { body } = await ask(undefined, { path })
    assert.doesNotMatch(body, /very-secret-name|app_[a-z0-9]{6}/)
    assert.ok(!body.includes(`${installation.subnet}.`), path)
    assert.doesNotMatch(body, /\b(10|192\.168|127)\.\d+\.\d+/)
  }
})

test('nobody but an operator runs checks, and only root on the host records drills', async () => {
  for (const path of ['/v1/trust/verify', '/v1/drills/runs'])
    assert.equal((await ask(undefined, { method: 'POST', path })).status, 401, path)
})

test('an id that does not exist is told', async () => {
  const { code, exitCode } = await cliError(['trust', 'NET-99'])
  assert.deepEqual([code, exitCode], ['invalid', 2])
})

/** For the same name, from an authority that nobody here knows. */
async function foreignCertificate(t: TestContext, name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-foreign-'))
  t.after(() => rm(folder, { recursive: true }))
  const authority = await openAuthority(folder, 'Somebody else')
  const { certPem, keyPem } = await authority.issue({ commonName: name, dnsNames: [name], days: 90 })
  return `${certPem}${keyPem}`
}

/** Changes the certificate in the running edge, not in its files: nothing brings the right one back by itself. */
async function showCertificate(file: string, pem: string): Promise<void> {
  const content = pem.replaceAll(/\n+/g, '\n').trim()
  await edgeCommand(`set ssl cert ${file} <<\n${content}\n\n`)
  const answer = await edgeCommand(`commit ssl cert ${file}\n`)
  assert.match(answer, /Success/)
}

async function edgeCommand(command: string): Promise<string> {
  const socket = createConnection(join(HOME, 'edge/run/admin.sock'))
  socket.end(command)
  return await text(socket)
}

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { login } from '#platform/accounts/commands-login.ts'
import { openAuthority } from '#platform/trust/index.ts'
import { loadLogin, loginFile } from './login-file.ts'
import { parseAddress, parseJoinLink } from './platform-trust.ts'
import { makeTestContext } from './test-context.ts'

test('links and addresses are read as people paste them', () => {
  const url = 'https://maru.example.org:8443'
  const fingerprint = '0123456789abcdef'
  assert.deepEqual(parseAddress(`${url}/setup#tok-en_1.${fingerprint.toUpperCase()}`), {
    url,
    token: 'tok-en_1',
    fingerprint,
  })
  assert.deepEqual(parseAddress(`${url}/`), { url })
  assert.deepEqual(parseAddress('maru.example.org'), { url: 'https://maru.example.org' })
  for (const bad of ['http://maru.example.org', 'https://', 'ftp://x', '%%'])
    assert.throws(() => parseAddress(bad), /URL: must be an address/, bad)
  // A shell that ate the part after #, and a fingerprint too short to mean something.
  for (const bad of [`${url}/setup`, `${url}/setup#token`, `${url}/setup#token.0123`])
    assert.throws(() => parseAddress(bad), /LINK: is not a whole set-up link/, bad)
})

const MADE = {
  secret: 'maru_secret',
  token: { id: 'tok_abcd', name: 'x', createdAt: '', expiresAt: '2026-06-01T00:00:00Z', lastUsedAt: null },
}

/** A platform under maru.localhost: only the name is resolved by the client itself. */
async function startPlatform(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'trust-'))
  t.after(() => rm(folder, { recursive: true }))
  const authority = await openAuthority(join(folder, 'pki'))
  const { certPem, keyPem } = await authority.issue({
    commonName: 'maru.localhost',
    dnsNames: ['maru.localhost'],
    days: 1,
  })
  const bodies: string[] = []
  const server = createServer({ cert: certPem, key: keyPem }, async (request, response) => {
    bodies.push(await text(request))
    if (request.url === '/ca.crt') return void response.end(authority.rootPem)
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(MADE))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `https://maru.localhost:${(server.address() as AddressInfo).port}`
  const env = { XDG_CONFIG_HOME: folder, MARU_HOME: folder }
  const fingerprint = authority.fingerprint.replaceAll(':', '').toLowerCase()
  return { url, env, fingerprint, bodies, rootPem: authority.rootPem }
}

const PERSON = { email: 'me@example.org', name: 'Me', passwordStdin: true }

test('a set-up link pins the certificate and saves the login', async (t) => {
  const { url, env, fingerprint, bodies, rootPem } = await startPlatform(t)
  const { context, printed } = makeTestContext({ env, input: 'quiet-lantern-4\n' })
  await login(context, `${url}/setup#token.${fingerprint.slice(0, 16)}`, PERSON)
  const sent = JSON.parse(bodies.at(-1) ?? '')
  assert.equal(sent.password, 'quiet-lantern-4')
  assert.equal(sent.token, 'token')
  const saved = await loadLogin(loginFile(env))
  assert.deepEqual(saved, {
    url,
    token: 'maru_secret',
    tokenId: 'tok_abcd',
    name: 'me@example.org',
    ca: rootPem,
  })
  assert.match(printed.stdout, /^Signed in to /)
})

test('an invitation is a link with the address of the first host; half of one is refused', () => {
  const fingerprint = '0123456789abcdef0123456789abcdef'
  const link = `https://maru.example.org:8443/join#tok_1.${fingerprint}@10.0.0.5`
  assert.deepEqual(parseJoinLink(link), {
    url: 'https://maru.example.org:8443',
    token: 'tok_1',
    fingerprint,
    address: '10.0.0.5',
  })
  const halves = [link.replace(/@.*/, ''), link.replace(/#.*/, ''), link.replace('/join', '/setup')]
  for (const bad of [...halves, link.replace(fingerprint, '0123'), link.replace('10.0.0.5', 'somewhere')])
    assert.throws(() => parseJoinLink(bad), { code: 'invalid' })
})

test('another fingerprint is refused before a secret is sent', async (t) => {
  const { url, env, bodies } = await startPlatform(t)
  const { context } = makeTestContext({ env, input: 'quiet-lantern-4\n' })
  const link = `${url}/setup#token.${'0'.repeat(16)}`
  await assert.rejects(
    login(context, link, PERSON),
    /not trusted: its fingerprint .* is not the expected one/,
  )
  await assert.rejects(
    login(context, url, { ...PERSON, fingerprint: '0'.repeat(64) }),
    /not the expected one/,
  )
  assert.deepEqual([...new Set(bodies)], [''])
  assert.equal(await loadLogin(loginFile(env)), undefined)
})

test('an unknown certificate without anybody to ask is refused, with its fingerprint it is trusted', async (t) => {
  const { url, env, fingerprint, bodies } = await startPlatform(t)
  const scripted = (input: string) => makeTestContext({ env, input })
  await assert.rejects(
    login(scripted('pw').context, url, PERSON),
    /--fingerprint: is needed where there is no terminal/,
  )
  assert.deepEqual([...new Set(bodies)], [''])
  await login(scripted('pw').context, url, { ...PERSON, fingerprint })
  // Signed in once, the pinned certificate is known.
  await login(scripted('pw').context, url, PERSON)
  assert.equal(JSON.parse(bodies.at(-1) ?? '').password, 'pw')
})

test('a weak password is refused before it is sent', async (t) => {
  const { url, env, fingerprint, bodies } = await startPlatform(t)
  const { context } = makeTestContext({ env, input: 'short\n' })
  const link = `${url}/setup#token.${fingerprint.slice(0, 16)}`
  await assert.rejects(login(context, link, PERSON), /password: must have at least 12 characters/)
  assert.deepEqual([...new Set(bodies)], [''])
})

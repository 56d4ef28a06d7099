import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { rootCertificates } from 'node:tls'
import { chooseEndpoint } from './connect.ts'
import { loadLogin, loginFile, removeLogin, saveLogin } from './login-file.ts'
import { makeTestContext } from './test-context.ts'

const LOGIN = {
  url: 'https://maru.example.org',
  token: 'maru_secret',
  tokenId: 'tok_abcd',
  name: 'me',
  ca: 'PEM',
}
const SAVED = { kind: 'https', url: LOGIN.url, ca: 'PEM', token: LOGIN.token }

async function folders(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'connect-'))
  t.after(() => rm(folder, { recursive: true }))
  const home = join(folder, 'data')
  await mkdir(join(home, 'run'), { recursive: true })
  return { home, env: { XDG_CONFIG_HOME: join(folder, 'config'), MARU_HOME: home } }
}

test('the login file is for its owner only, and may be absent', async (t) => {
  const { env } = await folders(t)
  const file = loginFile(env)
  assert.equal(await loadLogin(file), undefined)
  await saveLogin(file, LOGIN)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.deepEqual(await loadLogin(file), LOGIN)
  await writeFile(file, '{"url":1}')
  await assert.rejects(loadLogin(file), /login\.json\.url: /)
  await removeLogin(file)
  await removeLogin(file)
})

test('root uses the socket where there is one, everybody else the login', async (t) => {
  const { home, env } = await folders(t)
  const root = makeTestContext({ env, uid: 0 }).context
  const person = makeTestContext({ env, uid: 1000 }).context
  await assert.rejects(chooseEndpoint(root, {}), /not signed in/)
  await assert.rejects(chooseEndpoint(root, { home }), /not installed here/)
  await assert.rejects(chooseEndpoint(person, {}), /not signed in/)

  await saveLogin(loginFile(env), LOGIN)
  assert.deepEqual(await chooseEndpoint(person, {}), SAVED)
  assert.deepEqual(await chooseEndpoint(root, {}), SAVED)
  await assert.rejects(
    chooseEndpoint(root, { home }),
    /not installed here/,
    '--home never means another place',
  )

  await writeFile(join(home, 'run', 'root.sock'), '')
  const socket = { kind: 'socket', path: join(home, 'run', 'root.sock') }
  assert.deepEqual(await chooseEndpoint(root, {}), socket)
  assert.deepEqual(await chooseEndpoint(root, { home }), socket)
  assert.deepEqual(await chooseEndpoint(root, { remote: true }), SAVED)
  assert.deepEqual(await chooseEndpoint(person, {}), SAVED)
})

test('MARU_TOKEN comes before both, with the saved trust of the same address', async (t) => {
  const { env } = await folders(t)
  const at = (more: Record<string, string>) =>
    chooseEndpoint(makeTestContext({ env: { ...env, ...more }, uid: 0 }).context, {})
  await assert.rejects(at({ MARU_TOKEN: 'bot' }), /MARU_URL: is needed/)
  await saveLogin(loginFile(env), LOGIN)
  assert.deepEqual(await at({ MARU_TOKEN: 'bot' }), { ...SAVED, token: 'bot' })
  assert.deepEqual(await at({ MARU_TOKEN: 'bot', MARU_URL: 'https://other.example.org' }), {
    kind: 'https',
    url: 'https://other.example.org',
    ca: null,
    token: 'bot',
  })
})

test('for scripts MARU_CA names the root certificate; a bad address or certificate is told by its name', async (t) => {
  const { env, home } = await folders(t)
  const at = (more: Record<string, string>) =>
    chooseEndpoint(makeTestContext({ env: { ...env, MARU_TOKEN: 'bot', ...more }, uid: 1000 }).context, {})
  await assert.rejects(at({ MARU_URL: 'maru' }), { message: /^MARU_URL: must be an address/, exit: 2 })
  await assert.rejects(at({ MARU_URL: LOGIN.url, MARU_CA: '/nowhere' }), /MARU_CA: \/nowhere is not/)
  const file = join(home, 'root.crt')
  await writeFile(file, rootCertificates[0] ?? '')
  const endpoint = await at({ MARU_URL: LOGIN.url, MARU_CA: file })
  assert.deepEqual(endpoint, { kind: 'https', url: LOGIN.url, ca: rootCertificates[0], token: 'bot' })
})

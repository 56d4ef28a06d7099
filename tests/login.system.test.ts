import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { addressOf, cli, cliError, cliOk, HOME, newApp } from './harness.ts'
import { ask } from './https.ts'

const PASSWORD = 'quiet-lantern-4-harbour'
const PERSON = ['--email', 'first@example.org', '--name', 'First Person', '--password-stdin']

let configHome = ''
/** The environment of somebody on another machine: no socket, a configuration folder of their own. */
const elsewhere = () => ({ env: { MARU_HOME: '/nowhere', XDG_CONFIG_HOME: configHome, HOME: configHome } })

before(async () => {
  configHome = await mkdtemp(join(tmpdir(), 'maru-login-'))
})
after(() => rm(configHome, { recursive: true, force: true }))

async function newLink(): Promise<string> {
  const { stdout } = await cliOk(['setup-link', '--home', HOME])
  return /https:\/\/\S+\/setup#\S+/.exec(stdout)?.[0] ?? assert.fail(stdout)
}

test('a set-up link makes the first operator once, and the login works from elsewhere', async (t) => {
  const link = await newLink()
  assert.ok(link.startsWith(`${addressOf()}/setup#`), link)

  await t.test('a weak password is refused and does not use the link up', async () => {
    const refused = await cliError(['login', link, ...PERSON], { ...elsewhere(), input: 'password1234\n' })
    assert.match(refused.code, /password_weak|invalid/)
  })
  await t.test('a wrong fingerprint is refused before anything is sent', async () => {
    const wrong = link.replace(/\.[0-9a-f]{4}/, '.0000')
    assert.notEqual((await cli(['login', wrong, ...PERSON], { ...elsewhere(), input: PASSWORD })).exitCode, 0)
  })
  await t.test('it is taken once', async () => {
    await cliOk(['login', link, ...PERSON], { ...elsewhere(), input: `${PASSWORD}\n` })
    const again = await cliError(['login', link, '--email', 'second@example.org', ...PERSON.slice(2)], {
      ...elsewhere(),
      input: `${PASSWORD}\n`,
    })
    assert.equal(again.code, 'accounts.setup_invalid')
    assert.equal(again.exitCode, 3)
  })
  await t.test('the saved login is for its owner only', async () => {
    const files = await readdir(configHome, { recursive: true })
    const login = files.find((path) => path.endsWith('login.json')) ?? assert.fail(files.join())
    assert.equal((await stat(join(configHome, login))).mode & 0o077, 0)
  })
  await t.test('it deploys', async (inner) => {
    const app = newApp(inner, 'remote')
    await cliOk(['deploy', 'examples/static-site', '--app', app], elsewhere())
    assert.equal((await ask(app)).status, 200)
  })
  await t.test('after logout the token is dead', async () => {
    assert.match((await cliOk(['whoami'], elsewhere())).stdout, /first@example\.org/)
    await cliOk(['logout'], elsewhere())
    assert.equal((await cliError(['whoami'], elsewhere())).exitCode, 3)
  })
})

test('a new set-up link ends the one before', async () => {
  const first = await newLink()
  await newLink()
  const token = /#([^.]+)/.exec(first)?.[1] ?? ''
  const body = { token, email: 'third@example.org', name: 'Third', password: PASSWORD }
  const answer = await ask(undefined, {
    method: 'POST',
    path: '/v1/setup',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.equal(answer.status, 403)
  assert.match(answer.body, /accounts\.setup_invalid/)
})

test('a wrong password and an unknown person are refused alike', async () => {
  const tries = ['first@example.org', 'nobody@example.org'].map((email) =>
    ask(undefined, {
      method: 'POST',
      path: '/v1/login',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: 'wrong-password-here' }),
    }),
  )
  const answers = await Promise.all(tries)
  assert.deepEqual(
    answers.map(({ status }) => status),
    [401, 401],
  )
  const messages = answers.map(
    ({ body }) => (JSON.parse(body) as { error: { message: string } }).error.message,
  )
  assert.equal(messages[0], messages[1])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instance, Release } from '#contract/apps.ts'
import { addressOf, cli, cliError, cliJson, cliOk, deploy, newApp, waitFor } from './harness.ts'
import { ask } from './https.ts'
import { testStranger } from './test-stranger.ts'

test('the notes example is deployed, keeps notes and lives through its whole life', async (t) => {
  const app = newApp(t, 'notes')
  const { stdout } = await deploy('examples/notes', app)
  assert.equal(stdout.trim(), addressOf(app))

  await t.test('it stores what is written and shows it escaped', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams({ body: 'buy <milk> & "honey"' }).toString()
    const written = await ask(app, { method: 'POST', headers: form, body })
    assert.equal(written.status, 303)
    const page = await ask(app)
    assert.equal(page.status, 200)
    assert.match(page.body, /buy &#60;milk&#62; &#38; &#34;honey&#34;/)
  })

  await t.test('two instances run by default', async () => {
    const instances = await instancesOf(app)
    assert.deepEqual(instances.map(({ id, state }) => `${id} ${state}`).sort(), [
      'web.1 healthy',
      'web.2 healthy',
    ])
  })

  await t.test('a configuration value makes a release and hides itself', async () => {
    await cliOk(['config', 'set', 'GREETING=hello world', '--app', app])
    assert.equal((await releasesOf(app))[0]?.version, 2)
    const hidden = await cliOk(['config', 'list', '--app', app])
    assert.match(hidden.stdout, /GREETING/)
    assert.doesNotMatch(hidden.stdout, /hello world/)
    assert.match((await cliOk(['config', 'list', '--show', '--app', app])).stdout, /hello world/)
    await cliOk(['config', 'unset', 'GREETING', '--app', app])
    assert.equal((await releasesOf(app))[0]?.version, 3)
  })

  await t.test('a rollback brings back code and configuration as a new release', async () => {
    await cliOk(['rollback', '2', '--app', app])
    assert.equal((await releasesOf(app))[0]?.version, 4)
    assert.match((await cliOk(['config', 'list', '--show', '--app', app])).stdout, /hello world/)
    const { stdout } = await cliOk(['run', '--app', app, '--', 'printenv', 'GREETING', 'MARU_RELEASE'])
    assert.deepEqual(stdout.trim().split('\n'), ['hello world', '4'])
    assert.match((await ask(app, { path: '/notes.json' })).body, /milk/)
  })

  await t.test('it scales up and down', async () => {
    await cliOk(['scale', 'web=3', '--app', app])
    await waitFor('three instances', async () => (await instancesOf(app)).length === 3)
    await cliOk(['scale', 'web=1', '--app', app])
    await waitFor('one instance', async () => (await instancesOf(app)).length === 1)
    assert.equal((await ask(app)).status, 200)
  })

  await t.test('a one-off command gives back its output and its exit code', async () => {
    const done = await cli(['run', '--app', app, '--', 'node', '-e', 'console.log(6 * 7); process.exit(9)'])
    assert.equal(done.stdout.trim(), '42')
    assert.equal(done.exitCode, 9)
  })

  await t.test('what the instances print can be read', async () => {
    assert.match((await cliOk(['logs', '--app', app])).stdout, /listening on 8080/)
  })

  await t.test('a restart replaces every instance', async () => {
    const before = (await instancesOf(app))[0]?.startedAt
    await cliOk(['restart', '--app', app])
    await waitFor('a new instance', async () =>
      (await instancesOf(app)).every((one) => one.startedAt !== before),
    )
  })

  await t.test('the database is reached with psql, as the role of the app', async () => {
    const notes = await cliOk(['db', 'psql', app, '--', '-At', '-c', 'SELECT count(*) FROM note'])
    assert.equal(notes.stdout.trim(), '1')
    const connection = await cliOk(['db', 'psql', app, '--', '-c', '\\conninfo'])
    assert.match(connection.stdout, /TLSv1\.3/)
  })

  await t.test('new database credentials do not interrupt it', async () => {
    const { url: before } = await cliJson<{ url: string }>(['db', 'url', app])
    await cliOk(['db', 'rotate', app])
    const { url: after } = await cliJson<{ url: string }>(['db', 'url', app])
    assert.notEqual(after, before)
    assert.match((await ask(app, { path: '/notes.json' })).body, /milk/)
  })

  await t.test('destroyed, it is gone: the app, its address, its database', async () => {
    const refused = await cli(['destroy', app, '--confirm', 'something-else'])
    assert.notEqual(refused.exitCode, 0)
    await cliOk(['destroy', app, '--confirm', app])
    assert.equal((await cliError(['releases', '--app', app])).code, 'apps.not_found')
    await waitFor('the address to be unknown', async () => {
      const { status } = await ask(undefined, { headers: { host: new URL(addressOf(app)).host } })
      return status === 404
    })
  })
})

test('the static site example answers with its pages, its styles and its own 404', async (t) => {
  const app = newApp(t, 'static')
  await deploy('examples/static-site', app)
  const page = await ask(app)
  assert.equal(page.status, 200)
  assert.match(page.body, /The corner bakery/)
  assert.match(page.headers['content-type'] ?? '', /text\/html/)
  assert.match((await ask(app, { path: '/style.css' })).headers['content-type'] ?? '', /text\/css/)
  assert.match((await ask(app, { path: '/about/' })).body, /since 1987/)
  const missing = await ask(app, { path: '/nothing-here' })
  assert.equal(missing.status, 404)
  assert.match(missing.body, /Back to the bakery/)
  assert.equal((await ask(app, { path: '/..%2f..%2fetc/passwd' })).status, 404)
})

test('the Dockerfile example is built from its own recipe', async (t) => {
  const app = newApp(t, 'docker')
  await deploy('examples/dockerfile-app', app)
  const answer = JSON.parse((await ask(app)).body) as { builtAt: string; client: string }
  assert.match(answer.builtAt, /^20\d\d-/)
})

testStranger('files')

async function instancesOf(app: string): Promise<Instance[]> {
  return (await cliJson<{ instances: Instance[] }>(['ps', '--app', app])).instances
}

async function releasesOf(app: string): Promise<Release[]> {
  return (await cliJson<{ releases: Release[] }>(['releases', '--app', app])).releases
}

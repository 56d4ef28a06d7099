import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PlatformStatus } from '#contract/platform.ts'
import { addressOf, cli, cliError, cliJson, cliOk, HOME, waitFor } from './harness.ts'
import { ask } from './https.ts'

const UP = ['up', '--home', HOME]

test('a second up finds everything there and is quick', async () => {
  const done = await cliOk(UP)
  assert.ok(done.seconds <= 30, `${done.seconds} s`)
  assert.match(done.stdout + done.stderr, /already up|nothing to do/i)
})

test('of two ups at once, one names the other and changes nothing', async () => {
  const [first, second] = await Promise.all([cli([...UP, '--json']), cli([...UP, '--json'])])
  const refused = [first, second].filter(({ exitCode }) => exitCode !== 0)
  assert.equal(refused.length, 1, first.stderr + second.stderr)
  assert.match(refused[0]?.stderr ?? '', /"hosts\.locked"/)
  assert.match(refused[0]?.stderr ?? '', /process \d+/)
})

test('the status names every component and its memory, 1 GB in all', async () => {
  const status = await waitFor('every component to be well', async () => {
    const now = await cliJson<PlatformStatus>(['status', '--home', HOME])
    return now.components.every(({ state }) => state === 'ok') && now
  })
  const names = status.components.map(({ component }) => component)
  for (const component of [
    'etcd',
    'postgres-1',
    'postgres-2',
    'pgproxy',
    'control',
    'edge',
    'agent',
    'resolver',
    'resolver-2',
    'detector',
  ])
    assert.ok(names.includes(component), `${component} is missing among ${names.join(', ')}`)
  const bytes = status.components.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0)
  assert.ok(bytes <= 2 ** 30, `${Math.round(bytes / 2 ** 20)} MB`)
})

test('the doctor finds nothing wrong', async () => {
  assert.equal((await cli(['doctor', '--home', HOME, '--json'])).exitCode, 0)
})

test('the platform answers at its address and shows its API', async () => {
  assert.equal((await ask(undefined, { path: '/health' })).status, 200)
  const api = JSON.parse((await ask(undefined, { path: '/openapi.json' })).body) as { openapi: string }
  assert.match(api.openapi, /^3\.1/)
  assert.equal((await ask(undefined, { path: '/v1/apps' })).status, 401)
  assert.match((await ask(undefined, { path: '/ca.crt' })).body, /BEGIN CERTIFICATE/)
  assert.match(addressOf(), /^https:/)
})

test('secrets on the disk can be read by their owner only', async () => {
  for (const path of [
    'secrets',
    'run/root.sock',
    'pki/root.key',
    'control/config.json',
    'agent/config.json',
  ]) {
    const { mode } = await stat(join(HOME, path))
    assert.equal(mode & 0o077, 0, `${path} is ${(mode & 0o777).toString(8)}`)
  }
})

test('a name that is not one is refused before anything happens', async () => {
  const refused = await cliError(['up', '--home', `${HOME}-other`, '--name', 'Not; a $(name)'])
  assert.equal(refused.exitCode, 2)
  await assert.rejects(stat(`${HOME}-other`))
})

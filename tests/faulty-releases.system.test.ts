import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Release } from '#contract/apps.ts'
import { cli, cliError, cliJson, deploy, folderWith, greeter, nodeApp, waitFor } from './harness.ts'
import { ask } from './https.ts'

const APP = 'faulty'

test('releases that go wrong leave the old one serving and say what happened', async (t) => {
  t.after(() => cli(['destroy', APP, '--confirm', APP]))
  await deploy(await folderWith(t, nodeApp(greeter('well'))), APP)

  const fails = async (files: Record<string, string>) => {
    const error = await cliError(['deploy', await folderWith(t, files), '--app', APP])
    assert.equal(error.exitCode, 1, error.message)
    assert.equal((await ask(APP)).body, 'well')
    return error
  }

  await t.test('one that never listens', async () => {
    const error = await fails(nodeApp(`console.log('dozing off'); setInterval(() => {}, 1000)`))
    assert.equal(error.code, 'apps.unhealthy')
    assert.match(error.output, /dozing off/)
    assert.match(error.hint, /\$PORT/)
  })

  await t.test('one that exits at once', async () => {
    const error = await fails(nodeApp(`console.error('no licence found'); process.exit(3)`))
    assert.equal(error.code, 'apps.unhealthy')
    assert.match(error.output, /no licence found/)
    assert.match(error.message, /exited with code 3/)
  })

  await t.test('one that fills its memory', async () => {
    const program = `const held = []; setInterval(() => held.push(Buffer.alloc(20e6, 1)), 5)`
    const error = await fails(nodeApp(program))
    assert.equal(error.code, 'apps.unhealthy')
    assert.match(error.message, /memory/)
  })

  await t.test('one that forks without end', async () => {
    const program = `
import { spawn } from 'node:child_process'
setInterval(() => spawn('sleep', ['60']).on('error', () => {}), 1)
`
    assert.equal((await fails(nodeApp(program))).code, 'apps.unhealthy')
  })

  await t.test('one whose health check says no', async () => {
    const program = `
import { createServer } from 'node:http'
createServer((request, response) => response.writeHead(request.url === '/health' ? 500 : 200).end()).listen(process.env.PORT)
`
    assert.equal((await fails(nodeApp(program))).code, 'apps.unhealthy')
  })

  await t.test('one whose release command fails', async () => {
    const Procfile = 'web: node server.js\nrelease: node release.js\n'
    const release = `console.log('migrating'); process.exit(7)`
    const error = await fails(nodeApp(greeter('never'), { Procfile, 'release.js': release }))
    assert.equal(error.code, 'apps.release_phase_failed')
    assert.match(error.message, /exit code 7/)
    assert.match(error.output, /migrating/)
  })

  await t.test('one whose build fails', async () => {
    const manifest = {
      name: 'x',
      private: true,
      scripts: { build: 'node build.js', start: 'node server.js' },
    }
    const build = `console.log('compiling'); process.exit(2)`
    const files = { 'package.json': JSON.stringify(manifest), 'build.js': build, 'server.js': '' }
    const error = await fails(files)
    assert.equal(error.code, 'apps.build_failed')
    assert.match(error.output, /compiling/)
  })

  await t.test('the releases tell their story', async () => {
    const { releases } = await cliJson<{ releases: Release[] }>(['releases', '--app', APP])
    assert.deepEqual(new Set(releases.slice(0, -1).map(({ state }) => state)), new Set(['failed']))
    assert.equal(releases.at(-1)?.state, 'serving')
  })
})

test('an app that floods its log stays within its bounds and its neighbours answer', async (t) => {
  const flood = `
import { createServer } from 'node:http'
createServer((request, response) => response.end('still here')).listen(process.env.PORT)
const line = 'x'.repeat(1000)
const pour = () => { for (let n = 0; n < 200; n++) console.log(line); setImmediate(pour) }
pour()
`
  const app = `${APP}-flood`
  t.after(() => cli(['destroy', app, '--confirm', app]))
  await deploy(await folderWith(t, nodeApp(flood)), app)
  assert.equal((await ask(app)).body, 'still here')
  const { stdout, seconds } = await cli(['logs', '--tail', '50', '--app', app])
  assert.ok(stdout.split('\n').length <= 2 * 50 + 5)
  assert.ok(seconds < 10, `${seconds} s`)
  assert.equal((await ask(undefined, { path: '/health' })).status, 200)
})

test('a log cannot play with the terminal', async (t) => {
  const app = `${APP}-log`
  t.after(() => cli(['destroy', app, '--confirm', app]))
  const program = `console.log('\\x1b]0;owned\\x07\\x1b[2Jred')\n${greeter('ok')}`
  await deploy(await folderWith(t, nodeApp(program)), app)
  const line = await waitFor('the line', async () =>
    (await cli(['logs', '--app', app])).stdout.includes('red'),
  )
  assert.ok(line)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for control characters
  assert.doesNotMatch((await cli(['logs', '--app', app])).stdout, /[\x00-\x08\x0b-\x1f\x7f]/)
})

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Release } from '#contract/apps.ts'
import { cli, cliError, cliJson, deploy, folderWith, greeter, newApp, nodeApp, waitFor } from './harness.ts'
import { ask } from './https.ts'

/** Fails to release these files over one that serves; the old one goes on, and the releases say so. */
async function fails(t: TestContext, files: Record<string, string>) {
  const app = newApp(t, 'faulty')
  await deploy(await folderWith(t, nodeApp(greeter('well'))), app)
  const error = await cliError(['deploy', await folderWith(t, files), '--app', app])
  assert.equal(error.exitCode, 1, error.message)
  assert.equal((await ask(app)).body, 'well')
  const { releases } = await cliJson<{ releases: Release[] }>(['releases', '--app', app])
  assert.deepEqual(
    releases.map(({ state }) => state),
    ['failed', 'serving'],
  )
  return error
}

// Side by side: the first three take the whole minute that a release has to become healthy. One of them forks without end: what
// the others are told must not hang on what it leaves of a busy machine.
test('releases that go wrong leave the old one serving and say what happened', {
  concurrency: 3,
}, async (t) => {
  const one = (name: string, work: (t: TestContext) => Promise<void>) => t.test(name, work)
  await Promise.all([
    one('one that never listens', async (t) => {
      const error = await fails(t, nodeApp(`console.log('dozing off'); setInterval(() => {}, 1000)`))
      assert.equal(error.code, 'apps.unhealthy')
      assert.match(error.output, /dozing off/)
      assert.match(error.hint, /\$PORT/)
    }),

    one('one that forks without end', async (t) => {
      const program = `
import { spawn } from 'node:child_process'
setInterval(() => spawn('sleep', ['60']).on('error', () => {}), 1)
`
      assert.equal((await fails(t, nodeApp(program))).code, 'apps.unhealthy')
    }),

    one('one whose health check says no', async (t) => {
      const program = `
import { createServer } from 'node:http'
createServer((request, response) => response.writeHead(request.url === '/health' ? 500 : 200).end()).listen(process.env.PORT)
`
      assert.equal((await fails(t, nodeApp(program))).code, 'apps.unhealthy')
    }),

    one('one that exits at once', async (t) => {
      const error = await fails(t, nodeApp(`console.error('no licence found'); process.exit(3)`))
      assert.equal(error.code, 'apps.unhealthy')
      assert.match(error.output, /no licence found/)
      assert.match(error.message, /exited with code 3/)
    }),

    one('one that fills its memory', async (t) => {
      const program = `const held = []; setInterval(() => held.push(Buffer.alloc(20e6, 1)), 5)`
      const error = await fails(t, nodeApp(program))
      assert.equal(error.code, 'apps.unhealthy')
      assert.match(error.message, /memory/)
    }),

    one('one whose release command fails', async (t) => {
      const Procfile = 'web: node server.js\nrelease: node release.js\n'
      const release = `console.log('migrating'); process.exit(7)`
      const error = await fails(t, nodeApp(greeter('never'), { Procfile, 'release.js': release }))
      assert.equal(error.code, 'apps.release_phase_failed')
      assert.match(error.message, /exit code 7/)
      assert.match(error.output, /migrating/)
    }),

    one('one whose build fails', async (t) => {
      const manifest = {
        name: 'x',
        private: true,
        scripts: { build: 'node build.js', start: 'node server.js' },
      }
      const build = `console.log('compiling'); process.exit(2)`
      const files = { 'package.json': JSON.stringify(manifest), 'build.js': build, 'server.js': '' }
      const error = await fails(t, files)
      assert.equal(error.code, 'apps.build_failed')
      assert.match(error.output, /compiling/)
    }),

    one('a log cannot play with the terminal', playsWithTheTerminal),
  ])
})

test('an app that floods its log stays within its bounds and its neighbours answer', async (t) => {
  const flood = `
import { createServer } from 'node:http'
createServer((request, response) => response.end('still here')).listen(process.env.PORT)
const line = 'x'.repeat(1000)
const pour = () => { for (let n = 0; n < 200; n++) console.log(line); setImmediate(pour) }
pour()
`
  const app = 'faulty-flood'
  t.after(() => cli(['destroy', app, '--confirm', app]))
  await deploy(await folderWith(t, nodeApp(flood)), app)
  await waitFor('the app to answer', async () => (await ask(app)).body === 'still here')
  const { stdout, seconds } = await cli(['logs', '--tail', '50', '--app', app])
  assert.ok(stdout.split('\n').length <= 2 * 50 + 5)
  assert.ok(seconds < 10, `${seconds} s`)
  assert.equal((await ask(undefined, { path: '/health' })).status, 200)
})

async function playsWithTheTerminal(t: TestContext): Promise<void> {
  const app = 'faulty-log'
  t.after(() => cli(['destroy', app, '--confirm', app]))
  const program = `console.log('\\x1b]0;owned\\x07\\x1b[2Jred')\n${greeter('ok')}`
  await deploy(await folderWith(t, nodeApp(program)), app)
  const line = await waitFor('the line', async () =>
    (await cli(['logs', '--app', app])).stdout.includes('red'),
  )
  assert.ok(line)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for control characters
  assert.doesNotMatch((await cli(['logs', '--app', app])).stdout, /[\x00-\x08\x0b-\x1f\x7f]/)
}

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { supervisorPid } from '#platform/hosts/index.ts'
import { run } from '#runtime/drivers/process.ts'
import { chooseInstallation, flagsOf, leftovers } from '../tools/test-installation.ts'
import {
  builtApp,
  cli,
  cliOk,
  deploy,
  folderWith,
  greeter,
  HOME,
  newApp,
  nodeApp,
  ROOT,
  statusWhenWell,
  waitFor,
} from './harness.ts'
import { ask } from './https.ts'
import { ownEngine } from './own-engine.ts'

test('the engine dies during a deploy: the deploy ends as a whole, and the platform goes on', async (t) => {
  const first = await ownEngine()
  if (first === undefined) return t.skip('the engine of this machine serves others too')
  const app = newApp(t, 'engine')
  await deploy(await folderWith(t, nodeApp(greeter('old'))), app)
  const build = `console.log('building slowly'); setTimeout(() => {}, 5000)`
  const folder = await folderWith(t, builtApp(greeter('new'), build))
  const printed: string[] = []
  const deploying = cli(['deploy', folder, '--app', app, '--json'], {
    onOutput: (text) => void printed.push(text),
    timeoutMs: 120_000,
  })
  await waitFor('the build to run', async () => printed.join('').includes('building slowly'), 60_000)
  process.kill(first, 'SIGKILL')
  await waitFor('another engine', async () => {
    const now = await ownEngine()
    return now !== undefined && now !== first
  })
  const { exitCode, stderr } = await deploying
  await waitFor('the app to answer', async () => (await ask(app)).status === 200, 60_000)
  assert.equal((await ask(app)).body, exitCode === 0 ? 'new' : 'old', stderr)
  await cliOk(['up', '--home', HOME])
  await deploy(await folderWith(t, nodeApp(greeter('next'))), app)
  assert.equal((await ask(app)).body, 'next')
})

test('an installation that never came up is removed though no engine runs, and the other one comes back', async (t) => {
  const supervisor = (await ownEngine()) && (await supervisorPid())
  if (supervisor === undefined) return t.skip('the engine of this machine serves others too')
  const never = await chooseInstallation()
  const stop = new AbortController()
  const options = { signal: stop.signal, cwd: ROOT }
  const killed = run([join(ROOT, 'maru'), 'up', ...flagsOf(never)], options).catch(String)
  const registered = `/etc/maru/installations/${never.name}.json`
  await waitFor('the installation to be known', async () => existsSync(registered), 60_000)
  stop.abort()
  await killed
  process.kill(supervisor, 'SIGTERM')
  await waitFor('the engine to end', async () => (await supervisorPid()) === undefined, 60_000)

  await cliOk(['destroy', '--home', never.home, '--confirm', never.name, '--keep-images'])
  assert.deepEqual(await leftovers(never), [])
  await cliOk(['up', '--home', HOME])
  await statusWhenWell(HOME)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from '#contract/data.ts'
import { run } from '#runtime/drivers/process.ts'
import { docker } from '../tools/test-installation.ts'
import {
  builtApp,
  type CliResult,
  cli,
  cliJson,
  cliOk,
  deploy,
  folderWith,
  greeter,
  installation,
  newApp,
  nodeApp,
  waitFor,
} from './harness.ts'
import { ask } from './https.ts'

/** A build that takes long enough to be interrupted. */
const slowBuild = (text: string) =>
  builtApp(greeter(text), `console.log('building slowly'); setTimeout(() => {}, 5000)`)

/** Starts a deploy; resolves when its build runs, with the promise of its end in an object so that nobody waits for it. */
async function deployUnderWay(folder: string, app: string): Promise<{ ended: Promise<CliResult> }> {
  const printed: string[] = []
  const onOutput = (text: string) => void printed.push(text)
  const ended = cli(['deploy', folder, '--app', app, '--json'], { onOutput })
  await waitFor('the build to run', async () => printed.join('').includes('building slowly'), 60_000)
  return { ended }
}

/** kill -9 of a container's first process: the engine starts it again, as after a crash. */
async function crash(container: string): Promise<void> {
  const pid = await docker('inspect', '--format', '{{.State.Pid}}', container)
  await run(['kill', '-9', pid])
}

for (const component of ['control', 'agent', 'pgproxy'])
  test(`${component} dies during a deploy: it ends as a whole, new or old, and the next one works`, async (t) => {
    const app = newApp(t, 'crash')
    await deploy(await folderWith(t, nodeApp(greeter('old'))), app)
    const { ended } = await deployUnderWay(await folderWith(t, slowBuild('new')), app)
    await crash(`${installation.name}-${component}`)
    const { exitCode, stderr } = await ended
    await waitFor('the app to answer', async () => (await ask(app)).status === 200, 60_000)
    assert.equal((await ask(app)).body, exitCode === 0 ? 'new' : 'old', stderr)
    await waitFor(
      'the next deploy',
      async () => {
        const next = await cli(['deploy', await folderWith(t, nodeApp(greeter('next'))), '--app', app])
        return next.exitCode === 0
      },
      120_000,
    )
    assert.equal((await ask(app)).body, 'next')
  })

test('the database primary dies during a deploy: the deploy ends, nothing acknowledged is lost', async (t) => {
  const app = newApp(t, 'primary')
  await deploy('examples/notes', app)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal((await ask(app, { method: 'POST', headers: form, body: 'body=kept' })).status, 303)
  const { primary } = await cliJson<Database>(['db', 'info', app])
  const printed: string[] = []
  const onOutput = (text: string) => void printed.push(text)
  const ended = cliOk(['deploy', 'examples/notes', '--app', app, '--json'], { onOutput })
  await waitFor('the deploy to be under way', async () => printed.join('').includes('"step"'))
  await crash(`${installation.name}-${primary}`)
  await ended
  const notes = await waitFor(
    'the notes',
    async () => {
      const { status, body } = await ask(app, { path: '/notes.json' })
      return status === 200 && body
    },
    60_000,
  )
  assert.match(notes, /kept/)
})

test('the edge crashes: it comes back with every app', async (t) => {
  const app = newApp(t, 'edge')
  await deploy(await folderWith(t, nodeApp(greeter('here'))), app)
  await crash(`${installation.name}-edge`)
  await waitFor('the app to answer again', async () => (await ask(app)).body === 'here')
})

test('an instance crashes: it is started again and no request fails for long', async (t) => {
  const app = newApp(t, 'reborn')
  const program = `
import { createServer } from 'node:http'
createServer((request, response) => {
  if (request.url === '/die') process.exit(1)
  response.end('alive')
}).listen(process.env.PORT)
`
  await deploy(await folderWith(t, nodeApp(program)), app)
  await ask(app, { path: '/die' }).catch(() => undefined)
  await waitFor('both instances to be healthy', async () => {
    const { stdout } = await cliOk(['ps', '--app', app])
    return (stdout.match(/healthy/g) ?? []).length === 2 && (await ask(app)).body === 'alive'
  })
})

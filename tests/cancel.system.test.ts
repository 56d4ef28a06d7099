import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '#contract/operations.ts'
import { DOCKER_SOCKET } from '#platform/hosts/index.ts'
import { LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { openBrowser } from './browser.ts'
import { newPerson, openConsole } from './console-person.ts'
import {
  builtApp,
  cliError,
  cliJson,
  cliOk,
  deploy,
  folderWith,
  greeter,
  newApp,
  nodeApp,
  waitFor,
} from './harness.ts'
import { ask } from './https.ts'

const { containers } = makeDocker(DOCKER_SOCKET)

/** Builds for as long as nobody stops it. */
const ENDLESS = builtApp(greeter('new'), "console.log('building without end'); setInterval(() => {}, 1000)")

const operationsOf = async (app: string) =>
  (await cliJson<{ operations: Operation[] }>(['operations', '--app', app])).operations

const buildUnderWay = (app: string) =>
  waitFor('a build under way', async () => (await operationsOf(app)).find(({ cancellable }) => cancellable))

test('a build is cancelled: whoever deploys is told, nothing of it is left, and what served goes on', async (t) => {
  const app = newApp(t, 'cancelled')
  const none = await cliError(['cancel', '--app', app])
  assert.equal(none.code, 'apps.not_found')
  await deploy(await folderWith(t, nodeApp(greeter('old'))), app)
  assert.equal((await cliError(['cancel', '--app', app])).code, 'operations.none_under_way')

  const refused = cliError(['deploy', await folderWith(t, ENDLESS), '--app', app])
  const underWay = await buildUnderWay(app)
  const builders = async () =>
    (await containers.list({ [LABELS.app]: app })).filter(({ name }) => name.includes('-build-'))
  await waitFor('its container', async () => (await builders()).length > 0)

  const { stdout } = await cliOk(['cancel', '--app', app])
  assert.equal(stdout, 'The deploy is cancelled; what it did is taken back.\n')
  const told = await refused
  assert.deepEqual([told.code, told.exitCode], ['operations.cancelled', 3])
  assert.match(told.message, /has cancelled it/)
  await waitFor('no container of it', async () => (await builders()).length === 0)
  assert.equal((await ask(app)).body, 'old')

  // A second word changes nothing.
  await cliOk(['cancel', underWay.id])
  await deploy(await folderWith(t, nodeApp(greeter('newer'))), app)
  assert.equal((await ask(app)).body, 'newer')
  const late = await cliError(['cancel', (await operationsOf(app))[0]?.id ?? ''])
  assert.equal(late.code, 'operations.too_late')
  assert.match(late.message, /it has ended/)
})

test('a build is cancelled from its page in the console, which says by whom', async (t) => {
  const app = newApp(t, 'cancelled-there')
  const [browser, person] = [await openBrowser(t), await newPerson('Canceller')]
  const refused = cliError(['deploy', await folderWith(t, ENDLESS), '--app', app])
  const { id } = await buildUnderWay(app)
  const page = await openConsole(browser, person, `/apps/${app}/operations/${id}`)
  await page.getByText('building without end').waitFor()
  await page.getByRole('button', { name: 'Cancel: Deploy' }).click()
  await page
    .getByRole('alert')
    .getByText(/has cancelled it/)
    .waitFor()
  assert.equal(await page.getByRole('button', { name: 'Cancel: Deploy' }).count(), 0)
  assert.equal((await refused).code, 'operations.cancelled')
})

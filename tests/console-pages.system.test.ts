import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Release } from '#contract/apps.ts'
import { openBrowser, openPage } from './browser.ts'
import { endSession, newPerson, openConsole, type Person, setupLink } from './console-person.ts'
import { addressOf, cli, cliError, cliJson, cliOk, deploy, newApp } from './harness.ts'

/** What all tests but the first share. */
let person: Person
const SITE = `site-${Date.now().toString(36)}`

before(async () => {
  person = await newPerson('Reader')
})
after(() => cli(['destroy', SITE, '--confirm', SITE]))

async function servingRelease(app: string): Promise<number | undefined> {
  const { releases } = await cliJson<{ releases: Release[] }>(['releases', '--app', app])
  return releases.find(({ state }) => state === 'serving')?.version
}

test('from the set-up link to the first deploy, its live log, configuration, rollback and the Trust page', async (t) => {
  const page = await openPage(await openBrowser(t))
  page.setDefaultTimeout(60_000)
  await page.goto(await setupLink())
  await page.getByLabel('Your name').fill('First Operator')
  await page.getByLabel('E-mail').fill(`first-${Date.now()}@example.org`)
  await page.getByLabel('Password', { exact: true }).fill('seven-herons-over-the-weir')
  await page.getByRole('button', { name: 'Begin' }).click()
  await page.getByRole('heading', { name: 'Deploy your first app' }).waitFor()
  assert.ok(await page.getByText('maru deploy', { exact: true }).isVisible())

  const app = newApp(t, 'notes')
  const deploying = deploy('examples/notes', app)
  await page.getByRole('link', { name: app, exact: true }).click()
  await page.getByRole('link', { name: 'Deploy v1' }).click()
  const log = page.getByRole('region', { name: /^Log of the build/ })
  await log.getByText(/added \d+ packages/).waitFor()
  assert.ok(await page.getByLabel('under way').isVisible(), 'the log is there before the deploy has ended')
  await page.getByText(`${app} v1 serves`).waitFor()
  await deploying

  const pages = page.getByRole('navigation', { name: `Pages of ${app}` })
  await pages.getByRole('link', { name: 'Configuration' }).click()
  await page.getByLabel('New value: name').fill('GREETING')
  await page.getByLabel('Value', { exact: true }).fill('hello')
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByRole('button', { name: 'Save 1 change' }).click()
  await page.getByText(`${app} v2 serves`).waitFor()
  const { values } = await cliJson<{ values: Record<string, string> }>([
    'config',
    'list',
    '--show',
    '--app',
    app,
  ])
  assert.deepEqual(values, { GREETING: 'hello' })

  await pages.getByRole('link', { name: 'Releases' }).click()
  await page.getByRole('button', { name: 'Go back to v1' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Go back to v1' }).click()
  await page.getByRole('heading', { name: 'Rollback' }).waitFor()
  await page.getByText(`${app} v3 serves`).waitFor()
  assert.equal(await servingRelease(app), 3)

  await page.getByRole('link', { name: 'Trust', exact: true }).click()
  await page.getByText('PLT-1', { exact: true }).first().waitFor()
})

test('a refused action is told with the sentences of the command line', async (t) => {
  await deploy('examples/static-site', SITE)
  const page = await openConsole(await openBrowser(t), person, `/apps/${SITE}/config`)
  const tooLong = 'x'.repeat(33 * 1024)
  await page.getByLabel('New value: name').fill('LONG')
  await page.getByLabel('Value', { exact: true }).fill(tooLong)
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByRole('button', { name: 'Save 1 change' }).click()
  const shown = await page.getByRole('alert').innerText()

  const { message, hint } = await cliError(['config', 'set', `LONG=${tooLong}`, '--app', SITE])
  const plain = (text: string) => text.replaceAll('`', '').replaceAll(/\s+/g, ' ').trim()
  assert.equal(plain(shown), plain(`${message} ${hint}`))
  assert.equal(
    await page.getByLabel('LONG', { exact: true }).inputValue(),
    tooLong,
    'what was typed is still there',
  )
})

test('two browsers stay in step: what one changes, the other shows without a reload', async (t) => {
  const browser = await openBrowser(t)
  const one = await openConsole(browser, person, `/apps/${SITE}/config`)
  const other = await openConsole(browser, await newPerson('Colleague'), `/apps/${SITE}/config`)
  const releases = await openConsole(browser, person, `/apps/${SITE}/releases`)
  await other.getByText('No values yet.').waitFor()
  await releases.getByRole('cell', { name: 'v1', exact: true }).waitFor()

  await one.getByLabel('New value: name').fill('SHARED')
  await one.getByRole('button', { name: 'Add' }).click()
  await one.getByRole('button', { name: 'Save 1 change' }).click()
  await other.getByLabel('SHARED', { exact: true }).waitFor()
  await releases.getByRole('cell', { name: 'v2', exact: true }).waitFor()

  await cliOk(['config', 'unset', 'SHARED', '--app', SITE])
  await other.getByText('No values yet.').waitFor()
})

test('a session that ends in the middle of a form loses nothing: sign in, and the click that was refused is done', async (t) => {
  const page = await openConsole(await openBrowser(t), person, `/apps/${SITE}/config`)
  await page.getByLabel('New value: name').fill('TYPED')
  await page.getByLabel('Value', { exact: true }).fill('for a long time')
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByLabel('New value: name').fill('HALF')
  await endSession(page)
  await page.getByRole('button', { name: 'Save 1 change' }).click()

  const dialog = page.getByRole('dialog', { name: 'Sign in again' })
  await dialog.waitFor()
  assert.equal(await page.getByLabel('TYPED', { exact: true }).inputValue(), 'for a long time')
  assert.equal(await page.getByLabel('New value: name').inputValue(), 'HALF')
  await dialog.getByLabel('Password', { exact: true }).fill(person.password)
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText(new RegExp(`${SITE} v\\d+ serves`)).waitFor()
  const { values } = await cliJson<{ values: Record<string, string> }>([
    'config',
    'list',
    '--show',
    '--app',
    SITE,
  ])
  assert.deepEqual(values, { TYPED: 'for a long time' })
  assert.ok(page.url().startsWith(`${addressOf()}/apps/${SITE}/operations/`))
})

test('a page’s file that is missed once is loaded again; one that is gone is told, with a way on', async (t) => {
  const browser = await openBrowser(t)
  const once = await openConsole(browser, person, '/')
  await once.route('**/assets/config-page-*.js', (route) => route.abort(), { times: 1 })
  await once.goto(`${addressOf()}/apps/${SITE}/config`)
  await once.getByRole('heading', { name: 'Configuration' }).waitFor()

  const gone = await openConsole(browser, person, '/')
  await gone.route('**/assets/config-page-*', (route) => route.abort())
  await gone.goto(`${addressOf()}/apps/${SITE}/config`)
  await gone.getByRole('alert').waitFor()
  await gone.unroute('**/assets/config-page-*')
  await gone.getByRole('button', { name: 'Try again' }).click()
  await gone.getByRole('heading', { name: 'Configuration' }).waitFor()
})

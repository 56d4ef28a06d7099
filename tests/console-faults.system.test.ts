import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Database } from '#contract/data.ts'
import { run } from '#runtime/drivers/process.ts'
import { openBrowser } from './browser.ts'
import { countBlankMoments, newPerson, openConsole, type Person } from './console-person.ts'
import { cli, cliJson, cliOk, deploy, installation, nodeApp, waitFor } from './harness.ts'
import { ask } from './https.ts'

/** Prints what a log must not do; once asked for /flood, it prints 10,000 lines a second. */
const TALKER = `
import { createServer } from 'node:http'
console.log('<script>window.entered = 1</script><img src=x onerror="window.entered = 2">')
console.log('invoice\\u202excod.exe')
let count = 0
const flood = () => {
  let text = ''
  for (let line = 0; line < 1000; line++) text += 'line ' + count++ + ' of a program that says far too much\\n'
  process.stdout.write(text)
}
createServer((request, response) => {
  if (request.url === '/flood') setInterval(flood, 100)
  response.end('ok')
}).listen(process.env.PORT)
`

/** What all tests share. */
let person: Person
const APP = `talker-${Date.now().toString(36)}`

before(async () => {
  person = await newPerson('Watcher')
  const folder = await mkdtemp(join(tmpdir(), 'maru-source-'))
  for (const [name, text] of Object.entries(nodeApp(TALKER))) await writeFile(join(folder, name), text)
  await deploy(folder, APP)
  await rm(folder, { recursive: true })
})
after(() => cli(['destroy', APP, '--confirm', APP]))

/** Changed on the command line, seen on the page: it hears again what happens. Nothing is reloaded by hand. */
async function showsChange(page: Page, name: string): Promise<void> {
  await waitFor('a command to get through', () => cliOk(['config', 'set', `${name}=1`, '--app', APP]), 60_000)
  await page.getByLabel(name, { exact: true }).waitFor({ timeout: 30_000 })
  await page.waitForSelector('main[data-connection="live"]', { timeout: 30_000 })
}

test('script tags and turned text in a log are shown, and do nothing', async (t) => {
  const page = await openConsole(await openBrowser(t), person, `/apps/${APP}/logs`)
  const log = page.getByRole('region', { name: `Logs of ${APP}` })
  await log
    .getByText('<script>window.entered = 1</script><img src=x onerror="window.entered = 2">')
    .first()
    .waitFor()
  await log.getByText('invoice\\u202excod.exe').first().waitFor()
  assert.equal(await log.locator('script, img').count(), 0)
  assert.equal(await page.evaluate<string>('typeof window.entered'), 'undefined')
})

test('the control plane restarts under an open page: the page says so, never goes blank, and is fresh again by itself', async (t) => {
  const page = await openConsole(await openBrowser(t), person, `/apps/${APP}/config`)
  await page.getByText('No values yet.').waitFor()
  const blankMoments = await countBlankMoments(page)
  const control = `${installation.name}-control`
  await run(['docker', 'stop', '--time', '5', control])
  try {
    await page.getByText(/Connection lost\. What you see is from \d\d:\d\d:\d\d/).waitFor()
    assert.ok(await page.getByText('No values yet.').isVisible(), 'what was loaded stays')
  } finally {
    await run(['docker', 'start', control])
  }
  await showsChange(page, 'AFTER_RESTART')
  assert.equal(await page.getByText('Connection lost').count(), 0)
  assert.equal(await blankMoments(), 0)
})

test("the database's primary is killed under an open page: no blank moment, and the page is fresh again by itself", async (t) => {
  const page = await openConsole(await openBrowser(t), person, `/apps/${APP}/config`)
  await page.getByRole('heading', { name: 'Configuration' }).waitFor()
  const blankMoments = await countBlankMoments(page)
  const { primary } = await cliJson<Database>(['db', 'info', APP])
  const member = `${installation.name}-postgres-${primary.split('-').at(-1)}`
  const killed = await run(['docker', 'kill', member])
  assert.equal(killed.exitCode, 0, killed.stderr)
  const killedAt = performance.now()
  try {
    await showsChange(page, 'AFTER_FAILOVER')
    t.diagnostic(`a change is made and shown ${Math.round(performance.now() - killedAt)} ms after the kill`)
    assert.equal(await blankMoments(), 0)
  } finally {
    await run(['docker', 'start', member])
    await waitFor(
      'the pair to be whole',
      async () =>
        (await cliJson<Database>(['db', 'info', APP])).standbys.some(({ synchronous }) => synchronous),
      60_000,
    )
  }
})

test("a browser's clock that is an hour off changes no age", async (t) => {
  const browser = await openBrowser(t)
  for (const hours of [-1, 1]) {
    const page = await openConsole(browser, person, '/')
    await page.clock.install({ time: Date.now() + hours * 3_600_000 })
    await page.getByRole('link', { name: APP, exact: true }).click()
    await page.reload()
    const wrong = await page.evaluate<number>('Date.now()')
    assert.ok(Math.abs(wrong - Date.now()) > 3_500_000, 'its clock is wrong')
    const age = page
      .getByRole('row')
      .filter({ hasText: 'Deploy v1' })
      .getByText(/just now|ago$/)
    assert.match(await age.innerText(), /^(just now|\d+ s ago|[1-9] min ago)$/)
    await page.context().close()
  }
})

const CLICK_MS = 1000

test('a program prints 10,000 lines a second: the page answers to clicks meanwhile', async (t) => {
  const page = await openConsole(await openBrowser(t), person, `/apps/${APP}/logs`)
  const log = page.getByRole('region', { name: `Logs of ${APP}` })
  const newest = async () =>
    Math.max(...[...(await log.innerText()).matchAll(/line (\d+) of/g)].map(([, n]) => Number(n)))
  await ask(APP, { path: '/flood' })
  await log
    .getByText(/line \d+ of/)
    .first()
    .waitFor()
  const [first, startedAt] = [await newest(), performance.now()]
  await waitFor('five seconds of the flood', async () => performance.now() - startedAt > 5000)
  const perSecond = ((await newest()) - first) / ((performance.now() - startedAt) / 1000)
  t.diagnostic(`${Math.round(perSecond)} lines a second shown`)
  assert.ok(perSecond > 1000, `${perSecond} lines a second`)

  const menu = page.getByRole('button', { name: 'Your account' })
  for (let round = 0; round < 5; round++) {
    const clickedAt = performance.now()
    await menu.click()
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    const ms = performance.now() - clickedAt
    t.diagnostic(`a click is answered after ${Math.round(ms)} ms`)
    assert.ok(ms < CLICK_MS, `${ms} ms`)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'hidden' })
  }
})

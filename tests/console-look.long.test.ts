import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Incident } from '#contract/detection.ts'
import type { Operation } from '#contract/operations.ts'
import { recordResult } from '#drills/carry-out.ts'
import { sampleResult } from '#drills/test-result.ts'
import { lookAt, openBrowser, type Sight } from './browser.ts'
import { newPerson, openConsole, type Person, setupLink, signIn } from './console-person.ts'
import { addressOf, cli, cliJson, cliOk, deploy, HOME, waitFor } from './harness.ts'
import { ask } from './https.ts'
import { CONTROL_DATABASE, superuser } from './psql.ts'

/** What all tests share. */
let person: Person
const APP = `look-${Date.now().toString(36)}`
/** Nobody's: TEST-NET-3. */
const BLOCKED = '203.0.113.77'

before(async () => {
  person = await newPerson('Beholder')
  await deploy('examples/notes', APP)
  await recordFailedDrill()
  await cliOk(['config', 'set', 'GREETING=hello', 'API_KEY=abc', '--app', APP])
  await cliOk(['network', 'allow', `app:${APP}`, '--to', 'api.example.org:443', '--reason', 'payments'])
  // One that another makes needless: people are told so.
  await cliOk(['network', 'allow', `app:${APP}`, '--to', 'api.example.org:443,444', '--reason', 'both'])
  await cliOk(['network', 'blocks', 'add', BLOCKED, '--reason', 'guesses passwords'])
})
after(async () => {
  await cli(['network', 'blocks', 'lift', BLOCKED])
  await cli(['destroy', APP, '--confirm', APP])
})

/** A run that shows everything that a run can have, and that was not good enough; the drills' own tests come later. */
async function recordFailedDrill(): Promise<void> {
  const now = Date.now()
  const times = { startedAt: new Date(now - 60_000).toISOString(), finishedAt: new Date(now).toISOString() }
  const measures = [{ name: 'longest time without an acknowledged write', value: 6.2, unit: 's', limit: 5 }]
  await recordResult(HOME, sampleResult({ ...times, measures, passed: false }))
}

/** Somebody attacks the app; gives the incident. */
async function makeIncident(): Promise<string> {
  await ask(APP, { path: '/?id=1%27%20UNION%20SELECT%20name,password%20FROM%20users--' })
  const { id } = await waitFor('the incident', async () => {
    const { incidents } = await cliJson<{ incidents: Incident[] }>(['network', 'incidents'])
    return incidents.find(({ apps }) => apps.includes(APP))
  })
  return id
}

/** Requests that are counted: good ones, and some for what isn't there. */
async function makeTraffic(): Promise<void> {
  for (let round = 0; round < 60; round++) await ask(APP, { path: round % 10 === 9 ? '/not-there' : '/' })
  await waitFor('figures of the app', async () => {
    const { traffic } = await cliJson<{ traffic: Array<{ requests: number }> }>(['metrics', APP])
    return traffic.some(({ requests }) => requests > 0)
  })
}

test('no page of the console has an accessibility fault or is too wide, on a phone and a desktop, light and dark', async (t) => {
  await makeTraffic()
  const incident = await makeIncident()
  const { operations } = await cliJson<{ operations: Operation[] }>(['operations', '--app', APP])
  const deployed = operations.find(({ kind }) => kind === 'deploy')
  const at = (path: string) => addressOf() + path
  const page = (name: string, path: string, text: string | RegExp): Sight => ({
    name,
    url: at(path),
    ready: async (shown) => {
      await shown.getByText(text).first().waitFor()
      await shown.waitForSelector('main[data-connection="live"]')
      await shown.waitForSelector('main:not(:has([aria-busy="true"]))')
    },
  })
  const inside = [
    page('apps', '/', APP),
    page('overview', `/apps/${APP}`, 'Requests a second'),
    page('releases', `/apps/${APP}/releases`, 'Go back to v1'),
    page('logs', `/apps/${APP}/logs`, /web\.1/),
    page('config', `/apps/${APP}/config`, 'GREETING'),
    page('database', `/apps/${APP}/database`, 'PostgreSQL'),
    page('operation', `/apps/${APP}/operations/${deployed?.id}`, /added \d+ packages/),
    page('platform', '/platform', 'Synchronous standby'),
    page('drills', '/platform/drills', 'not passed'),
    page('drill-about', '/platform/drills/neighbours-database', 'What it proves'),
    {
      ...page('drill', `/platform/drills/database-primary-dies`, 'The moments in words'),
      ready: (shown: Page) =>
        shown.waitForFunction('[...document.images].some((one) => one.naturalWidth > 0)'),
    },
    page('drill-of-hosts', '/platform/drills/host-dies', 'On the machine that carries the lab'),
    page('network', '/platform/network', 'Way to the data'),
    page('network-rules', '/platform/network/rules', 'about rules'),
    page('network-traffic', '/platform/network/traffic', 'Packets refused or noticed a minute'),
    page('network-incidents', '/platform/network/incidents', 'attacked apps by requests'),
    page('network-incident', `/platform/network/incidents/${incident}`, 'What you can do'),
    page('network-blocks', '/platform/network/blocks', 'guesses passwords'),
    page('audit', '/platform/audit', 'guard.block'),
    page('app-network', `/apps/${APP}/network`, 'Its part of the network'),
    page('account', '/account', person.email),
  ]
  const outside: Sight[] = [
    { name: 'set-up', url: await setupLink(), ready: (shown) => shown.getByLabel('Your name').waitFor() },
    { name: 'sign-in', url: at('/sign-in'), ready: (shown) => shown.getByLabel('E-mail').waitFor() },
  ]
  const browser = await openBrowser(t)
  const faults = [
    ...(await lookAt(browser, inside, await signIn(person))),
    ...(await lookAt(browser, outside)),
  ]
  assert.deepEqual(faults, [])
})

const MANY = 500
const AT_ONCE_MS = 1000

test(`${MANY} apps in the list: it opens, finds and scrolls at once, by keyboard, too`, async (t) => {
  const named = `many-${Date.now().toString(36)}-`
  t.after(() => superuser(`delete from apps_app where name like '${named}%'`, CONTROL_DATABASE))
  await superuser(
    `insert into apps_app (id, name, team_id)
     select 'app_${named}' || n, '${named}' || lpad(n::text, 3, '0'), (select team_id from apps_app where name = '${APP}')
     from generate_series(1, ${MANY}) n`,
    CONTROL_DATABASE,
  )
  const page = await openConsole(await openBrowser(t), person, '/')
  const openedAt = performance.now()
  await page.getByRole('link', { name: `${named}001`, exact: true }).waitFor()
  const rows = await page.getByRole('row').count()
  assert.ok(rows < 100, `${rows} rows exist`)
  const timed = async (what: string, act: () => Promise<unknown>) => {
    const startedAt = performance.now()
    await act()
    const ms = Math.round(performance.now() - startedAt)
    t.diagnostic(`${what}: ${ms} ms`)
    assert.ok(ms < AT_ONCE_MS, `${what}: ${ms} ms`)
  }
  t.diagnostic(`listed ${Math.round(performance.now() - openedAt)} ms after the page came`)
  await timed('scrolled to the last', async () => {
    await page.keyboard.press('End')
    await page.getByRole('link', { name: `${named}${MANY}`, exact: true }).waitFor()
  })
  await page.keyboard.press('/')
  await page.keyboard.type(`${named}32`)
  await page.getByText(/^10 of \d+$/).waitFor()
  await timed('found by one more letter', async () => {
    await page.keyboard.press('1')
    await page.getByText(/^1 of \d+$/).waitFor()
  })
  await page.getByRole('link', { name: `${named}321`, exact: true }).waitFor()
})

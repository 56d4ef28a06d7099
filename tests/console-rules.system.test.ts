import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Route as Intercepted } from 'playwright-core'
import type { NetworkRuleView } from '#contract/network-api.ts'
import type { ResponseOf } from '#contract/route.ts'
import type { upstreamRoutes } from '#contract/upstream-api.ts'
import { lookAt, openBrowser, type Sight } from './browser.ts'
import { newPerson, openConsole, type Person, signIn } from './console-person.ts'
import { addressOf, cli, cliJson, cliOk, waitFor } from './harness.ts'
import { superuser } from './psql.ts'

/** From one address to a port of builders: nobody has either. */
const GOAL = `198.51.100.${Date.now() % 250}`
const made: string[] = []
let operator: Person | undefined

const allow = async (ports: string, reason: string) => {
  const rule = await cliJson<NetworkRuleView>([
    ...['network', 'allow', 'builder', '--to', `${GOAL}:${ports}`, '--reason', reason],
  ])
  made.push(rule.id)
  return rule.id
}

before(async () => {
  operator = await newPerson('Keeper')
})
after(async () => {
  for (const id of made) await cli(['network', 'deny', id, '--keep'])
})

test('what is to be known of a rule stands above and where the rule stands, with what to do; it goes with its cause', async (t) => {
  const page = await openConsole(await openBrowser(t), operator ?? assert.fail(), '/platform/network/rules')
  const narrow = await allow('4873', 'own registry')
  const wide = await allow('4873,4874', 'both registries')
  const told = `${wide} allows all that ${narrow} allows. Taking ${narrow} back would change nothing.`
  const row = page.getByRole('row').filter({ hasText: 'own registry' })
  await row.getByText(told).waitFor()
  const above = page.getByRole('alert').filter({ hasText: 'about rules' })
  await above.getByText(told).waitFor()
  await above.getByRole('button', { name: `Show the rule ${narrow}: needless` }).click()
  assert.equal(await page.getByLabel('Find a rule').inputValue(), narrow)
  assert.equal(await page.getByRole('row').filter({ hasText: 'both registries' }).count(), 0)
  await row.getByRole('button', { name: 'Take back' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click()
  await row.waitFor({ state: 'detached' })
  await above.getByText(told).waitFor({ state: 'detached' })
})

test('a rule that is taken back on trial says when it stands again, and stays away by a second word', async (t) => {
  const id = await allow('4875', 'on trial here')
  const page = await openConsole(await openBrowser(t), operator ?? assert.fail(), '/platform/network/rules')
  const row = page.getByRole('row').filter({ hasText: 'on trial here' })
  await row.getByText('allowed', { exact: true }).waitFor()
  // Only a lock-down makes that happen by itself, and it judges the whole machine, where other tests run.
  const paused = `update network_rule set paused_until = now() + interval '50 seconds' where id = '${id}'`
  await superuser(paused, 'maru_control')
  await page.reload()
  await row.getByText('on trial', { exact: true }).waitFor()
  await row.getByText(/^taken back; stands again in \d+ s$/).waitFor()
  assert.equal(await row.getByRole('button', { name: 'Take back' }).count(), 0)
  await row.getByRole('button', { name: 'Keep it so' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Keep it so' }).click()
  await row.waitFor({ state: 'detached' })
  const { rules } = await cliJson<{ rules: NetworkRuleView[] }>(['network', 'rules'])
  assert.ok(!rules.some((rule) => rule.id === id))
})

test('a lock-down on trial says how long it lasts yet, and is kept or ended by a button', async (t) => {
  const page = await openConsole(await openBrowser(t), operator ?? assert.fail(), '/platform/network/rules')
  await page.getByText('Allow a connection').waitFor()
  // The server's own answer with a lock-down in it: a real one judges the whole machine, where other tests run.
  const asked: unknown[] = []
  const until = new Date(Date.now() + 45_000).toISOString()
  const lockDown = { since: new Date().toISOString(), by: 'ada', until }
  const { notices: _, ...answer } = await cliJson<Record<string, unknown>>(['network', 'rules'])
  await page.route(`${addressOf()}/v1/network/rules`, (route: Intercepted) =>
    route.fulfill({ json: { ...answer, lockDown } }),
  )
  await page.route(`${addressOf()}/v1/network/lock-down`, async (route: Intercepted) => {
    asked.push(route.request().postDataJSON())
    await route.fulfill({ json: { lockDown: null } })
  })
  await page.reload()
  const notice = page.getByRole('alert').filter({ hasText: 'Every host is locked down, by ada' })
  await notice.getByText(/ends by itself in \d+ s/).waitFor()
  await notice.getByRole('button', { name: 'Keep it' }).focus()
  await page.keyboard.press('Enter')
  await waitFor('it to be kept', async () => asked.length === 1)
  await notice.getByRole('button', { name: 'End it' }).click()
  await waitFor('it to be ended', async () => asked.length === 2)
  assert.deepEqual(asked, [{ state: 'keep' }, { state: 'off' }])
  assert.equal((await cliJson<{ lockDown: unknown }>(['network', 'rules'])).lockDown, null)
})

const PROVIDER = 'silent-isp'
/** A router that nobody has (TEST-NET-3): hosts open a session to it and are not answered. */
const setUpProvider = () =>
  cliOk([
    ...['network', 'upstream', 'add', PROVIDER, '--own-as', '64500', '--neighbour', '203.0.113.254'],
    ...['--neighbour-as', '64496', '--above', '1000000'],
  ])
const upstream = () => cliJson<ResponseOf<typeof upstreamRoutes.list>>(['network', 'upstream', 'list'])

test('upstream: who would drop what, what comes beside the limit; announced and withdrawn by keyboard', async (t) => {
  t.after(() => cli(['network', 'upstream', 'remove', PROVIDER]))
  await setUpProvider()
  const keeper = operator ?? assert.fail()
  const browser = await openBrowser(t)
  const path = '/platform/network/upstream'
  const page = await openConsole(browser, keeper, path)
  const provider = page.getByRole('row').filter({ hasText: PROVIDER })
  await provider.getByText('Above 1,000,000 packets a second for 30 s').waitFor()
  const announce = async () => {
    await page.getByRole('button', { name: 'Announce' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'Announce' }).focus()
    await page.keyboard.press('Enter')
  }
  await page.getByLabel('Why', { exact: true }).fill('a flood in a test')
  await announce()
  await page.getByRole('alert').getByText('is the last address that serves the apps').waitFor()
  await page.keyboard.press('Escape')
  await page.getByLabel('Even if it is the last address').check()
  await announce()
  const dropped = page.getByRole('row').filter({ hasText: 'a flood in a test' })
  await dropped.getByText('by hand', { exact: true }).waitFor()
  await page.getByRole('status').getByText('attackers and visitors alike').waitFor()
  const [told] = (await upstream()).dropped
  assert.deepEqual([told?.by, told?.automatic, told?.upstream], ['Keeper', false, null])

  await provider.getByText('down', { exact: true }).first().waitFor()
  const words = await page.getByRole('meter').first().getAttribute('aria-valuetext')
  assert.match(words ?? '', /^[\d,]+ packets a second now, .* the limit is 1,000,000$/)

  const sight: Sight = {
    ...{ name: 'network-upstream', url: addressOf() + path },
    ready: async (shown) => {
      await shown.getByText('a flood in a test').waitFor()
      await shown.waitForSelector('main[data-connection="live"]')
    },
  }
  assert.deepEqual(await lookAt(browser, [sight], await signIn(keeper)), [])
  await dropped.getByRole('button', { name: 'Withdraw' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).focus()
  await page.keyboard.press('Enter')
  await dropped.waitFor({ state: 'detached' })
  assert.deepEqual((await upstream()).dropped, [])
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Route as Intercepted } from 'playwright-core'
import type { NetworkRuleView } from '#contract/network-api.ts'
import { openBrowser } from './browser.ts'
import { newPerson, openConsole, type Person } from './console-person.ts'
import { addressOf, cli, cliJson, waitFor } from './harness.ts'
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

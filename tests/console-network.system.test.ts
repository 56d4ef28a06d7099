import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import type { NetworkTraffic } from '#contract/guard.ts'
import type { Explanation, NetworkRuleView } from '#contract/network-api.ts'
import { openBrowser } from './browser.ts'
import { newPerson, openConsole, type Person } from './console-person.ts'
import { cli, cliError, cliJson, cliOk, folderWith, nodeApp, waitFor } from './harness.ts'
import { ask } from './https.ts'
import { openOutside } from './outside-world.ts'
import { CONTROL_DATABASE, superuser } from './psql.ts'

const APP = `caller-${Date.now().toString(36)}`
let [owner, operator]: Person[] = []
const people = () => ({ owner: owner ?? assert.fail(), operator: operator ?? assert.fail() })

/** Asks whoever its visitor names, and says whether somebody answered. */
const CALLER = `import { createServer } from 'node:http'
import { connect } from 'node:net'
createServer((request, response) => {
  const [, host, port] = request.url.split('/')
  if (!port) return response.end('ready')
  const socket = connect({ host, port, timeout: 1500 })
  const end = (text) => { socket.destroy(); if (!response.writableEnded) response.end(text) }
  socket.on('connect', () => socket.write('hello')).on('data', () => end('answered')).on('timeout', () => end('silence')).on('error', () => end('silence'))
}).listen(process.env.PORT)`

before(async () => {
  ;[owner, operator] = [await newPerson('Owner'), await newPerson('Operator')]
  await superuser(
    `update accounts_user set operator = false where email = lower('${people().owner.email}')`,
    CONTROL_DATABASE,
  )
})
after(async () => {
  await cli(['network', 'approval', 'off'])
  await cli(['destroy', APP, '--confirm', APP])
})

const rulesOfApp = async () => {
  const { rules } = await cliJson<{ rules: NetworkRuleView[] }>(['network', 'rules', '--app', APP])
  return rules.filter(({ builtIn }) => !builtIn)
}
const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key)
}

const ofMap = (page: Page, what: 'scrollWidth' | 'scrollLeft') =>
  page.evaluate<number>(`document.querySelector('[aria-label="Map of the network"]').${what}`)

test('on the map one sees who may reach whom and chooses a pair by keyboard; the answer is that of the command line', async (t) => {
  const page = await openConsole(await openBrowser(t), people().operator, '/platform')
  await page.getByRole('link', { name: 'Map, rules and blocks' }).click()
  const map = page.getByRole('region', { name: 'Map of the network' })
  await map.getByRole('button', { name: /^apps: may reach \d+, may be reached by \d+$/ }).focus()
  await press(page, 'Enter')
  assert.equal(await page.getByLabel('Who asks', { exact: true }).inputValue(), 'apps')
  await map.getByRole('button', { name: /^proxy:/ }).focus()
  await press(page, 'ArrowRight')
  assert.match(await page.evaluate<string>('document.activeElement.getAttribute("aria-label")'), /^database:/)
  await press(page, 'Enter')
  assert.equal(await page.getByLabel('Whom', { exact: true }).inputValue(), 'database')
  await page.getByLabel('Port', { exact: true }).fill('5432')
  await press(page, 'Enter')
  const explained = await cliJson<Explanation>(['network', 'explain', 'apps', 'database', '5432'])
  assert.equal(explained.allowed, false)
  await page.getByRole('status').getByText(explained.sentence).waitFor()

  // Larger, and what is in sight moves; only one group; the same as a table.
  const width = () => ofMap(page, 'scrollWidth')
  const before = await width()
  await map.focus()
  await press(page, '+', '+')
  await waitFor('a larger map', async () => (await width()) > before)
  await drags(page, map)
  await followsRules(map)
  await page.getByLabel('Show only').selectOption('proxy')
  await map.getByRole('button', { name: /^edge:/ }).waitFor({ state: 'detached' })
  await page.getByText('Table', { exact: true }).click()
  const row = page.getByRole('row').filter({ hasText: 'apps' }).filter({ hasText: 'tcp 5432' })
  await row.getByText('an app reaches its own database').waitFor()

  await page.getByRole('link', { name: 'Traffic and events' }).click()
  const counted = await waitFor(
    'a minute that was counted',
    async () => {
      const { counts } = await cliJson<NetworkTraffic>(['network', 'traffic'])
      return counts.some(({ judged, refused }) => judged > refused)
    },
    100_000,
  )
  assert.ok(counted)
  await panel(page, 'Traffic and refusals')
    .locator('svg path.recharts-curve')
    .first()
    .waitFor({ state: 'attached' })
})

/** The pointer takes what is in sight along. */
async function drags(page: Page, map: Locator): Promise<void> {
  const left = () => ofMap(page, 'scrollLeft')
  await map.scrollIntoViewIfNeeded()
  const box = (await map.boundingBox()) ?? assert.fail('the map has no place')
  const [x, y] = [box.x + box.width / 2, box.y + 8]
  const before = await left()
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x - 120, y, { steps: 4 })
  await page.mouse.up()
  await waitFor('another part of the map', async () => (await left()) > before)
}

/** A rule that somebody makes elsewhere is drawn by itself, and goes by itself. */
async function followsRules(map: Locator): Promise<void> {
  const goal = map.getByRole('button', { name: /^10\.4\.0\.7\b/ })
  assert.equal(await goal.count(), 0)
  const wanted = ['builder', '--to', '10.4.0.7:4873', '--reason', 'own registry']
  const rule = await cliJson<NetworkRuleView>(['network', 'allow', ...wanted])
  await goal.waitFor()
  await cliOk(['network', 'deny', rule.id])
  await goal.waitFor({ state: 'detached' })
}

test('what an app’s owner asks for waits, is approved by the operator, and is in force; each sees it at once', async (t) => {
  const outside = await openOutside(t)
  await cliOk(['deploy', await folderWith(t, nodeApp(CALLER)), '--app', APP])
  const hears = async () => (await ask(APP, { path: `/${outside.address}/${outside.port}` })).body
  const browser = await openBrowser(t)
  const [asking, deciding] = await Promise.all([
    openConsole(browser, people().owner, `/apps/${APP}/network`),
    openConsole(browser, people().operator, '/platform/network/rules'),
  ])
  await panel(asking, 'What it may reach outside').getByText('Nothing yet').waitFor()
  assert.equal(await asking.getByRole('link', { name: 'Platform' }).count(), 0, 'its owner is no operator')
  await deciding.getByRole('switch', { name: /waits for an operator/ }).focus()
  await press(deciding, 'Space')

  const form = panel(asking, 'Ask for more')
  await form.getByLabel('May reach').fill('169.254.169.254')
  await form.getByLabel('Ports').fill(String(outside.port))
  await form.getByLabel('Why').fill('the old ledger')
  await press(asking, 'Enter')
  const refused = await cliError([
    ...['network', 'allow', `app:${APP}`, '--to', '169.254.169.254:80', '--reason', 'the old ledger'],
  ])
  await form.getByRole('alert').getByText(refused.message).waitFor()
  await form.getByLabel('May reach').fill(outside.address)
  await form.getByRole('button', { name: 'Ask for it' }).click()
  const rule = asking.getByRole('row').filter({ hasText: outside.address })
  await rule.getByText('waits', { exact: true }).waitFor()
  assert.equal(
    await rule.getByRole('button', { name: 'Approve' }).count(),
    0,
    'its owner does not approve it',
  )
  assert.equal(await hears(), 'silence')

  const wish = deciding.getByRole('row').filter({ hasText: outside.address })
  await wish.getByRole('button', { name: 'Approve' }).focus()
  await press(deciding, 'Enter')
  await deciding.getByRole('dialog').getByText('Owner asks for').waitFor()
  await deciding.getByRole('dialog').getByRole('button', { name: 'Approve' }).focus()
  await press(deciding, 'Enter')
  await rule.getByText('allowed', { exact: true }).waitFor()
  await waitFor('the app to be answered', async () => (await hears()) === 'answered')
  const [made] = await rulesOfApp()
  assert.deepEqual([made?.approvedBy, made?.askedBy], ['Operator', 'Owner'])

  const endsSoon = `update network_rule set created_at = now() - interval '30 days', until = now() + interval '20 hours 30 minutes' where id = '${made?.id}'`
  await superuser(endsSoon, CONTROL_DATABASE)
  await asking.reload()
  await rule.getByText(/ends in 20 hours\. If it is still needed, take it back and allow it anew/).waitFor()

  await rule.getByRole('button', { name: 'Take back' }).click()
  await asking.getByRole('dialog').getByRole('button', { name: 'Take back' }).click()
  await wish.waitFor({ state: 'detached' })
  await waitFor('the app to hear nothing any more', async () => (await hears()) === 'silence')
  assert.deepEqual(await rulesOfApp(), [])
})

const blocked = async () => {
  const { blocks } = await cliJson<{ blocks: Array<{ source: string }> }>(['network', 'blocks'])
  return blocks.map(({ source }) => source)
}

test('a block that somebody makes shows by itself, and is lifted by keyboard', async (t) => {
  const source = '203.0.113.99'
  const browser: Browser = await openBrowser(t)
  const page = await openConsole(browser, people().operator, '/platform/network/blocks')
  const form = panel(page, 'Kept out')
  await form.getByLabel('Block a source').fill('127.0.0.1')
  await form.getByLabel('Why', { exact: true }).fill('guesses passwords')
  await press(page, 'Enter')
  await form.getByText('would be cut off').waitFor()
  await cliOk(['network', 'blocks', 'add', source, '--reason', 'guesses passwords', '--for', '2h'])
  t.after(() => cli(['network', 'blocks', 'lift', source]))
  const row = page.getByRole('row').filter({ hasText: source })
  await row.getByText('guesses passwords').waitFor()
  await row.getByRole('button', { name: 'Lift' }).focus()
  await press(page, 'Enter')
  const question = page.getByRole('dialog')
  await question.getByRole('button', { name: 'Lift' }).focus()
  await press(page, 'Enter')
  await row.waitFor({ state: 'detached' })
  assert.ok(!(await blocked()).includes(source))
})

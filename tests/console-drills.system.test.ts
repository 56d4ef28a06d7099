import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { DrillResult } from '#contract/drill-result.ts'
import type { DrillList } from '#contract/drills.ts'
import { run } from '#runtime/drivers/process.ts'
import { docker } from '../tools/test-installation.ts'
import { openBrowser } from './browser.ts'
import { newPerson, openConsole } from './console-person.ts'
import { checkMeasures } from './drill-results.ts'
import { cliJson, installation } from './harness.ts'

const DRILL = 'database-primary-dies'
const DRILL_MS = 240_000
const MOMENT_MS = 60_000

/** As `maru drill report` gives it. */
interface Report {
  readonly drills: Array<Omit<DrillList['drills'][number], 'last'> & { result: DrillResult | null }>
}
const lastRun = async () => (await cliJson<Report>(['drill', 'report', DRILL])).drills[0]?.result

/** The list says of each drill from where it is started; a page without a button has the command and the reason. */
async function checkWhereStarted(page: Page): Promise<void> {
  const row = (drill: string) =>
    page.getByRole('row').filter({ has: page.getByRole('link', { name: drill, exact: true }) })
  const from = {
    [DRILL]: 'here',
    'rules-changed-by-hand': 'command line of a lab',
    'host-dies': 'lab of hosts',
  }
  for (const [drill, place] of Object.entries(from))
    await row(drill).getByRole('cell', { name: place, exact: true }).waitFor()
  for (const [drill, why] of [
    ['rules-changed-by-hand', 'by the command line of the host, not from here'],
    ['host-dies', 'on the machine that carries a lab of several hosts; from here only while that listens'],
  ] as const) {
    await page.getByRole('link', { name: drill, exact: true }).click()
    await page.getByText(why).waitFor()
    await page.getByText(`maru drill run ${drill}`, { exact: true }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Start this drill' }).count(), 0, drill)
    await page.goBack()
  }
}

test('a drill that is started in the console is followed there, through the death of the control plane, to its recorded end', async (t) => {
  const before = await lastRun()
  const page = await openConsole(await openBrowser(t), await newPerson('Driller'), '/platform')
  const members = page.getByRole('region', { name: 'Database pair' }).getByRole('listitem')
  const standby = members.filter({ hasText: 'Synchronous standby' })
  await standby.getByText(/^streaming, (up to date|[\d.]+ [kMG]?B behind)$/).waitFor()
  await page.getByRole('link', { name: 'All drills' }).click()
  await checkWhereStarted(page)
  await page.getByRole('link', { name: DRILL, exact: true }).click()
  await page.getByRole('button', { name: 'Start this drill' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Start this drill' }).click()

  const course = page.getByRole('region', { name: 'Under way' })
  const said = page.getByRole('region', { name: 'What the drill says' })
  await said.getByText(/^first success \d/).waitFor({ timeout: DRILL_MS })
  const control = await docker('inspect', '--format', '{{.State.Pid}}', `${installation.name}-control`)
  await run(['kill', '-9', control])
  await said.getByText(/^heal \d/).waitFor({ timeout: DRILL_MS })
  await course
    .getByText(/^(Passed|Not passed): Of \d+ acknowledged writes 0 were lost/)
    .waitFor({ timeout: DRILL_MS })

  // It is recorded, and the page that is open shows it.
  const recorded = (await lastRun()) ?? assert.fail('not recorded')
  assert.notEqual(recorded.startedAt, before?.startedAt)
  checkMeasures(t, recorded)
  const last = page.getByRole('region', { name: 'Last run' })
  await last.getByText('longest time without an acknowledged write').waitFor({ timeout: MOMENT_MS })
  await last.getByRole('img', { name: `Time line of ${DRILL}` }).waitFor()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    last.getByRole('link', { name: 'Download the ledger' }).click(),
  ])
  const lines = (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n')
  assert.equal(lines[0], 'asked_s,ended_s,asker,outcome,server')
  const { ledger } = (await cliJson<Report>(['drill', 'report', DRILL, '--ledger'])).drills[0]?.result ?? {}
  const failed = ledger?.failed ?? assert.fail('nothing is said of what failed')
  const kept =
    (ledger?.total ?? 0) - (ledger?.leftOut ?? 0) + failed.entries.length + (ledger?.lost.length ?? 0)
  assert.equal(lines.length - 1, kept, 'every write is a line')
  assert.ok(lines.some((line) => /^-?\d+\.\d{3},-?\d+\.\d{3},writer \d,acknowledged,server 2$/.test(line)))

  // The pair's history tells why its primary changed.
  await page.getByRole('link', { name: 'Platform' }).first().click()
  const pair = page.getByRole('region', { name: 'Database pair' })
  await pair
    .getByText(/^Every app has its database here\. Last failover (just now|\d+ (s|min) ago)/)
    .waitFor()
  await pair.getByRole('row').nth(1).getByRole('link', { name: DRILL }).waitFor()
})

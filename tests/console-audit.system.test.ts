import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Act } from '#contract/audit.ts'
import { openBrowser } from './browser.ts'
import { newPerson, openConsole, type Person } from './console-person.ts'
import { cliError, cliJson, cliOk } from './harness.ts'
import { CONTROL_DATABASE, superuser } from './psql.ts'

/** Nobody's: TEST-NET-3. */
const SOURCE = `203.0.113.${100 + (Date.now() % 100)}`
let operator: Person | undefined

before(async () => {
  operator = await newPerson('Auditor')
})

test('the audit log is found through by keyboard, grows by itself, goes on to what is older, and leads to what it is about', async (t) => {
  const person = operator ?? assert.fail()
  const page = await openConsole(await openBrowser(t), person, '/platform')
  await page.getByRole('link', { name: 'Audit log' }).click()
  await page.getByLabel('App, host, rule or address').fill(SOURCE)
  await page.keyboard.press('Enter')
  await page.getByText('Nothing was found.').waitFor()

  await cliOk(['network', 'blocks', 'add', SOURCE, '--reason', 'guesses passwords', '--for', '2h'])
  await cliOk(['network', 'blocks', 'lift', SOURCE])
  const rows = page.getByRole('row').filter({ hasText: SOURCE })
  const lifted = rows.filter({ hasText: 'guard.lift' }).filter({ hasText: 'done' })
  await lifted.waitFor()
  const { acts } = await cliJson<{ acts: Act[] }>(['audit', '--on', SOURCE])
  assert.equal(await rows.count(), acts.length)
  await lifted.getByText(acts[0]?.what ?? '').waitFor()

  await page.getByLabel('Result').selectOption('refused')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByText('Nothing was found.').waitFor()
  await cliError(['network', 'blocks', 'lift', SOURCE])
  const refused = rows.filter({ hasText: 'guard.not_blocked' })
  await refused.waitFor()
  await refused.getByRole('link', { name: SOURCE }).click()
  await page.getByRole('heading', { name: 'Kept out' }).waitFor()
})

test('a page of the log leads to the one before it, and back', async (t) => {
  await superuser(
    `insert into audit_act (at, kind, who_id, who, source, request_id, action, goals, told, result, ended_at)
     select now(), 'root', 'root', 'root', 'local', '', 'paged.act', '{}', jsonb_build_object('n', n), 'done', now()
     from generate_series(1, 60) n`,
    CONTROL_DATABASE,
  )
  const page = await openConsole(
    await openBrowser(t),
    operator ?? assert.fail(),
    '/platform/audit?action=paged.&who=root',
  )
  await page.getByText('n 60', { exact: true }).waitFor()
  assert.equal(await page.getByRole('row').count(), 51)
  await page.getByRole('link', { name: 'Older' }).click()
  await page.getByText('n 1', { exact: true }).waitFor()
  await page.getByText('Nothing older').waitFor()
  await page.getByRole('link', { name: 'The newest' }).click()
  await page.getByText('n 60', { exact: true }).waitFor()
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { HostView } from '#contract/host-view.ts'
import { lookAt, openBrowser } from './browser.ts'
import { newPerson, openConsole, type Person, signIn } from './console-person.ts'
import { addressOf, cliJson, cliOk, deploy, waitFor } from './harness.ts'
import { CONTROL_DATABASE, superuser } from './psql.ts'

const APP = `map-${Date.now().toString(36)}`
let person: Person

/** Nobody answers at these addresses: TEST-NET-1, which no drill has its outsiders in. What the host says was heard once, and counts for an hour. */
before(async () => {
  person = await newPerson('Cartographer')
  await deploy('examples/notes', APP)
  await superuser(
    `insert into fleet_host (name, data_centre, address, role, joined_at, reported_at, generation, version)
     values ('far', 'dc2', '192.0.2.2', 'full', now(), now() + interval '1 hour', 1, '1'),
            ('voice', 'dc3', '192.0.2.3', 'witness', now(), null, null, null)`,
    CONTROL_DATABASE,
  )
  // It runs apps, and has room for none: so nothing is moved there.
  await superuser(
    `insert into workload_report (host, report, received_at)
     select 'far', report || '{"host": "far", "memoryMb": 1024, "instances": [], "runsApps": true}', now() + interval '1 hour'
     from workload_report limit 1`,
    CONTROL_DATABASE,
  )
})
after(async () => {
  for (const name of ['far', 'voice']) await cliOk(['host', 'remove', name, '--lost'])
  await cliOk(['destroy', APP, '--confirm', APP])
})

const listed = async () => (await cliJson<{ hosts: HostView[] }>(['host', 'list'])).hosts
const isDraining = async (name: string) => (await listed()).find((host) => host.name === name)?.draining
const centre = (page: Page, name: string) => page.getByRole('region', { name: `Data centre ${name}` })

test('the map shows data centres, hosts and instances, and a host is drained there by keyboard', async (t) => {
  const [first] = (await listed()).filter((host) => host.first)
  assert.ok(first)
  const page = await openConsole(await openBrowser(t), person, '/platform')
  await page.getByRole('link', { name: 'What runs where' }).click()
  const here = centre(page, first.dataCentre)
  await here
    .getByRole('list', { name: `Instances of ${APP}` })
    .getByText('web.1')
    .waitFor()
  await here
    .getByRole('list', { name: `Instances of ${APP}` })
    .getByText('healthy')
    .first()
    .waitFor()
  await centre(page, 'dc3').getByText('a voice in the quorum').waitFor()
  assert.equal(await centre(page, 'dc3').getByRole('button').count(), 0, 'a witness cannot be drained')

  const there = centre(page, 'dc2')
  await there.getByRole('button', { name: 'Drain far' }).focus()
  await page.keyboard.press('Enter')
  const question = page.getByRole('dialog')
  await question
    .getByText(/far gets no new ones until it is undrained.*every app is in one data centre/)
    .waitFor()
  assert.equal(await isDraining('far'), false, 'nothing happens before the answer')
  await question.getByRole('button', { name: 'Drain far' }).focus()
  await page.keyboard.press('Enter')
  await there.getByText('draining', { exact: true }).waitFor()
  await question.waitFor({ state: 'detached' })
  assert.equal(await isDraining('far'), true)
  await there.getByText('maru host remove far').waitFor()

  await there.getByRole('button', { name: 'Undrain far' }).click()
  await question.getByRole('button', { name: 'Undrain far' }).click()
  await there.getByText('ready', { exact: true }).waitFor()
  assert.equal(await isDraining('far'), false)

  // A refusal says why, where one is.
  await here.getByRole('button', { name: `Drain ${first.name}` }).click()
  await question.getByRole('button', { name: `Drain ${first.name}` }).click()
  await question.getByText(new RegExp(`no room for \\d+ instances of ${APP}`)).waitFor()
  assert.equal(await isDraining(first.name), false)
  await question.getByRole('button', { name: 'Cancel' }).click()

  // What somebody else does shows by itself.
  await cliJson(['host', 'drain', 'far', '--no-wait'])
  await there.getByText('draining', { exact: true }).waitFor()
  await cliJson(['host', 'undrain', 'far'])
  await there.getByText('ready', { exact: true }).waitFor()
})

test('the map has no accessibility fault and is not too wide, on a phone and a desktop, light and dark', async (t) => {
  const ready = async (page: Page) => {
    await page.getByText('Data centre dc3').waitFor()
    await page.waitForSelector('main[data-connection="live"]')
  }
  await cliJson(['host', 'drain', 'far', '--no-wait'])
  await waitFor('it to be drained', () => isDraining('far'))
  const sights = [{ name: 'hosts', url: `${addressOf()}/platform/hosts`, ready }]
  assert.deepEqual(await lookAt(await openBrowser(t), sights, await signIn(person)), [])
})

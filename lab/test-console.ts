import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { HOME } from '#contract/installation.ts'
import { openBrowserFor, openPage } from '#tests/browser.ts'
import { waitFor } from '#tests/harness.ts'
import { dataFolder, enterArgv, findHost, hostsOf, LAB_DOMAIN, type Lab, WITNESS } from './index.ts'
import { maruOn } from './test-maru.ts'

const [FIRST, OTHER] = ['dc1-h1', 'dc2-h1'] as const
const APP = 'charted'
const SOON_MS = 60_000

/** A person at the edge of the second data centre sees the lab as it is, and what changes. */
export function testConsole(current: () => Lab): void {
  test('the console shows every data centre with its hosts, the witness, where instances are, and what becomes of them; a drill that takes a host is started there and followed to its end', async (t) => {
    const lab = current()
    const page = await begin(t, lab)
    await page.goto(`https://${LAB_DOMAIN}/platform/hosts`)
    for (const { name, hosts } of lab.plan.sites) {
      const centre = page.getByRole('region', { name: `Data centre ${name}` })
      const all = centre.getByRole('list', { name: `Hosts in ${name}` })
      for (const host of hosts) await all.getByText(host.name, { exact: true }).waitFor()
      await all.getByText('ready', { exact: true }).first().waitFor()
    }
    await page.getByText('a voice in the quorum').waitFor()
    await maru(lab, 'deploy', 'examples/static-site', '--app', APP)
    t.after(() => maru(lab, 'destroy', APP, '--confirm', APP))
    for (const { name } of lab.plan.sites.filter((site) => site.name !== WITNESS)) {
      const instances = page
        .getByRole('region', { name: `Data centre ${name}` })
        .getByRole('list', { name: `Instances of ${APP}` })
      await instances.getByText('healthy').first().waitFor()
    }
    const other = page.getByRole('region', { name: 'Data centre dc2' })
    await maru(lab, 'host', 'drain', OTHER, '--no-wait')
    await other.getByText('draining', { exact: true }).waitFor()
    await maru(lab, 'host', 'undrain', OTHER)
    await other.getByText('ready', { exact: true }).waitFor()
    await startDrill(page)
  })
}

/** A drill that takes the power of the host whose control plane may be the one that was asked. */
const DRILL = 'host-dies'
const DRILL_MS = 300_000

/** A person at the edge of the second data centre starts it and watches it to its end. */
async function startDrill(page: Page): Promise<void> {
  await page.goto(`https://${LAB_DOMAIN}/platform/drills/${DRILL}`)
  await page.getByText('the machine that carries this lab carries it out').waitFor()
  await page.getByRole('button', { name: 'Start this drill' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Start this drill' }).click()
  const said = page.getByRole('region', { name: 'What the drill says' })
  for (const moment of ['first success', 'heal'])
    await said.getByText(new RegExp(`^${moment} \\d`)).waitFor({ timeout: DRILL_MS })
  await page
    .getByRole('region', { name: 'Under way' })
    .getByText(/^Passed: Of \d+ acknowledged writes 0 were lost/)
    .waitFor({ timeout: DRILL_MS })
  const last = page.getByRole('region', { name: 'Last run' })
  await last.getByRole('img', { name: `Time line of ${DRILL}` }).waitFor()
}

const maru = (lab: Lab, ...args: string[]) => maruOn(lab, FIRST, ...args)

/** The page of somebody who has just made an account by the set-up link. */
async function begin(t: TestContext, lab: Lab): Promise<Page> {
  const [first = assert.fail('no host')] = hostsOf(lab.plan)
  const ca = await readFile(join(dataFolder(lab, first), HOME.pki, 'root.crt'), 'utf8')
  const goal = { domain: LAB_DOMAIN, port: 443, way: await wayTo(t, lab, OTHER), ca }
  const page = await openPage(await openBrowserFor(t, goal))
  page.setDefaultTimeout(SOON_MS)
  const link = /https:\S+\/setup#\S+/.exec(await maru(lab, 'setup-link'))?.[0]
  await page.goto(link ?? assert.fail('no link'))
  await page.getByLabel('Your name').fill('Operator')
  await page.getByLabel('E-mail').fill('operator@example.org')
  await page.getByLabel('Password', { exact: true }).fill('seven-herons-over-the-weir')
  await page.getByRole('button', { name: 'Begin' }).click()
  await page.getByRole('link', { name: 'Platform' }).first().waitFor()
  return page
}

/** A socket file that leads, by way of the client's place in the lab, to a host's edge until the test ends. */
async function wayTo(t: TestContext, lab: Lab, host: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-way-'))
  const path = join(folder, 'edge.sock')
  const argv = [process.execPath, 'lab/test-lead-to-edge.ts', path, findHost(lab, host).address]
  const [file, ...args] = await enterArgv(lab, 'client', argv)
  const child = spawn(file, args, { stdio: ['pipe', 'inherit', 'inherit'] })
  t.after(async () => {
    child.stdin.end()
    await once(child, 'close')
    await rm(folder, { recursive: true })
  })
  await waitFor('a way to the edge', async () => existsSync(path))
  return path
}

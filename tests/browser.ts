import { createHash, type X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect } from 'node:tls'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { HOME, installation } from './harness.ts'

const PHONE = { width: 360, height: 800 }
const DESKTOP = { width: 1440, height: 900 }

/** Debian's Chromium, as a visitor has it: a fresh profile, names of the installation, its certificates and no others. */
export async function openBrowser(t: TestContext): Promise<Browser> {
  const hosts = [installation.domain, `*.${installation.domain}`].map((name) => `MAP ${name} 127.0.0.1`)
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=${hosts.join(',')}`,
      `--ignore-certificate-errors-spki-list=${await pinOf(installation.domain)}`,
    ],
  })
  t.after(() => browser.close())
  return browser
}

/** The key that the edge shows for a name, after Node has verified its certificate against the installation's root. */
async function pinOf(name: string): Promise<string> {
  const ca = await readFile(join(HOME, 'pki/root.crt'))
  const target = { host: '127.0.0.1', port: installation.ports.https, servername: name, ca }
  const certificate = await new Promise<X509Certificate>((resolve, reject) => {
    const socket = connect(target, () => {
      const shown = socket.getPeerX509Certificate()
      socket.destroy()
      if (shown === undefined) reject(new Error(`${name} shows no certificate`))
      else resolve(shown)
    })
    socket.on('error', reject)
  })
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

/** A page of a browser of its own: nothing is shared with other pages. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: DESKTOP, ...options })
  return await context.newPage()
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe finds at an address, a line each. Only here the page's own policy is lifted, so that axe can be put in. */
export async function accessibilityFaults(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<string[]> {
  const page = await openPage(browser, { ...options, bypassCSP: true })
  await page.goto(url)
  await page.addScriptTag({ path: AXE })
  const violations = await page.evaluate<Array<{ id: string; help: string; nodes: Array<{ html: string }> }>>(
    'axe.run().then(({ violations }) => violations)',
  )
  await page.context().close()
  return violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes[0]?.html.slice(0, 200)})`)
}

/** Pictures of a page at phone and desktop size, light and dark, in MARU_SCREENSHOTS where that is set. */
export async function takePictures(browser: Browser, url: string, name: string): Promise<void> {
  const folder = process.env.MARU_SCREENSHOTS
  if (!folder) return
  await mkdir(folder, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const)
    for (const [size, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
      const page = await openPage(browser, { colorScheme, viewport })
      await page.goto(url)
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: true })
      await page.context().close()
    }
}

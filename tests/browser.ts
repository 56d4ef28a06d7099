import { createHash, type X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect as connectTo } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { HOME, installation } from './harness.ts'
import { type Ending, openWay } from './way-to-edge.ts'

const PHONE = { width: 360, height: 800 }
/** The screen of a laptop. */
export const DESKTOP = { width: 1440, height: 900 }

/** An installation as a browser goes to it: its names, and a socket file that leads to one of its edges. */
interface Goal {
  readonly domain: string
  readonly port: number
  readonly way: string
  /** Its root certificate (PEM). */
  readonly ca: string
}

/** A browser for the installation under test. */
export async function openBrowser(t: Ending): Promise<Browser> {
  const { domain, ports } = installation
  const way = await openWay(t, ports.https)
  return openBrowserFor(t, {
    domain,
    port: ports.https,
    way,
    ca: await readFile(join(HOME, 'pki/root.crt'), 'utf8'),
  })
}

/** Debian's Chromium, as a visitor has it: a fresh profile, names of an installation, its certificates and no others. */
export async function openBrowserFor(t: Ending, goal: Goal): Promise<Browser> {
  const { domain, port, way } = goal
  const hosts = [domain, `*.${domain}`].map((name) => `MAP ${name} 127.0.0.1`)
  const browser = await chromium.launch({
    executablePath: join(import.meta.dirname, 'chromium-apart'),
    env: {
      ...process.env,
      MARU_NODE: process.execPath,
      MARU_WAY_PORT: String(port),
      MARU_WAY_SOCKET: way,
    },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=${hosts.join(',')}`,
      `--ignore-certificate-errors-spki-list=${await pinOf(goal)}`,
    ],
  })
  t.after(() => browser.close())
  return browser
}

/** The key that the edge shows for the installation's name, after Node has verified its certificate against the root. */
async function pinOf({ domain: name, way, ca }: Goal): Promise<string> {
  const target = { socket: connectTo(way), servername: name, ca }
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

/** The rule of axe that looks at colours only. */
const CONTRAST = 'color-contrast'
const ALONE = { runOnly: [CONTRAST] }
const LEFT_OUT = { rules: { [CONTRAST]: { enabled: false } } }

/** What axe finds on a page, a line each; contrast can be looked at alone, or left out. The page's context has `bypassCSP`, so that axe can be put in. */
export async function accessibilityFaults(page: Page, how: object = {}): Promise<string[]> {
  await page.addScriptTag({ path: AXE })
  const options = JSON.stringify(how)
  const violations = await page.evaluate<Array<{ id: string; help: string; nodes: Array<{ html: string }> }>>(
    `axe.run(${options}).then(({ violations }) => violations)`,
  )
  return violations.map(
    ({ id, help, nodes }) => `${page.url()} ${id}: ${help} (${nodes[0]?.html.slice(0, 200)})`,
  )
}

/** Where pictures of all pages go, if anywhere. */
const PICTURES = process.env.MARU_SCREENSHOTS

/** A page that is looked at: its address, its name among the pictures, and what is there once it has loaded. */
export interface Sight {
  readonly url: string
  readonly name: string
  readonly ready?: (page: Page) => Promise<unknown>
}

/**
 * Opens pages at phone and desktop size, light and then dark; what axe finds, and what is wider than the screen. Nothing but
 * colours changes with the dark, and colours are the same on a phone. Pictures of all go to MARU_SCREENSHOTS where that is set.
 */
export async function lookAt(
  browser: Browser,
  sights: readonly Sight[],
  options: BrowserContextOptions = {},
): Promise<string[]> {
  const faults = await Promise.all(
    Object.entries({ phone: PHONE, desktop: DESKTOP }).map(async ([size, viewport]) => {
      const look = { ...options, viewport, bypassCSP: true, reducedMotion: 'reduce' as const }
      const page = await openPage(browser, look)
      const found: string[] = []
      for (const sight of sights) found.push(...(await faultsOf(page, sight, size)))
      await page.context().close()
      return found.map((fault) => `${size}: ${fault}`)
    }),
  )
  return faults.flat()
}

/**
 * The page has heard that it is dark, where a program of its own tells it, and no colour is on its way to another; for what moves
 * for ever, as a spinner does, nobody waits.
 */
const IS_DARK = `(document.documentElement.dataset.mantineColorScheme ?? 'dark') === 'dark' &&
  document.getAnimations().every(({ playState, effect }) =>
    playState !== 'running' || effect.getComputedTiming().endTime === Infinity)`

async function faultsOf(page: Page, { url, name, ready }: Sight, size: string): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto(url)
  await ready?.(page)
  const judgesColours = size === 'desktop'
  const found = (await accessibilityFaults(page, judgesColours ? {} : LEFT_OUT)).map(
    (fault) => `light: ${fault}`,
  )
  const { scrollWidth, clientWidth } = await page.evaluate<{ scrollWidth: number; clientWidth: number }>(
    '({ scrollWidth: document.documentElement.scrollWidth, clientWidth: document.documentElement.clientWidth })',
  )
  if (scrollWidth > clientWidth)
    found.push(`${url} is ${scrollWidth} px wide, on a screen of ${clientWidth} px`)
  await takePicture(page, `${name}-${size}-light`)
  if (!judgesColours && !PICTURES) return found
  await page.emulateMedia({ colorScheme: 'dark' })
  await ready?.(page)
  await page.waitForFunction(IS_DARK)
  if (judgesColours) found.push(...(await accessibilityFaults(page, ALONE)).map((fault) => `dark: ${fault}`))
  await takePicture(page, `${name}-${size}-dark`)
  return found
}

/** A picture of the whole page, where pictures are wanted. */
async function takePicture(page: Page, name: string): Promise<void> {
  if (!PICTURES) return
  await mkdir(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
}

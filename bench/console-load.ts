import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type Installation, urlOf } from '#contract/installation.ts'
import { openWay } from '#tests/way-to-edge.ts'
import { BROWSER, installPrograms } from '#tools/install-programs.ts'
import { ROOT } from '#tools/source-tree.ts'
import type { Benchmark } from './benchmark.ts'
import { type Figure, figureOf } from './report.ts'

const ROUNDS = 5
const KILOBYTE = 1000
const SHOWN_MS = 30_000
const ROW = 'first page, nothing cached'

interface Loaded {
  readonly shownMs: number
  readonly loadedMs: number
  readonly scriptKb: number
  readonly allKb: number
  readonly files: number
}

/** How long the console's first page takes, and how large it is. */
export const consoleLoad: Benchmark = {
  name: 'console',
  title: 'Console',
  method:
    'Chromium on the same machine, which reaches the edge by way of two small programs (it breaks off what it loads when a container comes or goes, so it has a network of its own), opens the console as somebody who has not signed in, each time with an empty cache: until there is text on the page, until the browser calls it loaded, and what went over the wire, compressed.',
  measure: async ({ installation, quick, say, signal }) => {
    const url = `${urlOf(installation)}/`
    await installPrograms({ [BROWSER]: BROWSER })
    const ends: Array<() => unknown> = []
    try {
      const browser = await openBrowser(installation, (end) => ends.unshift(end))
      const loads: Loaded[] = []
      for (let round = 1; round <= (quick ? 1 : ROUNDS); round++) {
        signal.throwIfAborted()
        say(`round ${round}`)
        // Playwright waits by evaluating text in the page, which the console's policy forbids.
        const context = await browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: true })
        loads.push(await loadOnce(await context.newPage(), url))
        await context.close()
      }
      return figuresOf(loads)
    } finally {
      for (const end of ends) await end()
    }
  },
}

async function openBrowser(
  { domain, ports }: Installation,
  after: (end: () => unknown) => unknown,
): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: join(ROOT, 'tests/chromium-apart'),
    env: {
      ...process.env,
      MARU_NODE: process.execPath,
      MARU_WAY_PORT: String(ports.https),
      MARU_WAY_SOCKET: await openWay({ after }, ports.https),
    },
    // An interrupt is for the whole run, which closes it.
    ...{ handleSIGINT: false, handleSIGTERM: false },
    // As root, and in containers, Chromium's own sandbox has nothing to stand on; it opens our own pages only.
    args: ['--no-sandbox', `--host-resolver-rules=MAP ${domain} 127.0.0.1`],
  })
  after(() => browser.close())
  return browser
}

async function loadOnce(page: Page, url: string): Promise<Loaded> {
  const network = await page.context().newCDPSession(page)
  const kinds = new Map<string, string>()
  const bytes = { script: 0, all: 0 }
  let files = 0
  network.on('Network.responseReceived', ({ requestId, type }) => kinds.set(requestId, type))
  network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    files += 1
    bytes.all += encodedDataLength
    if (kinds.get(requestId) === 'Script') bytes.script += encodedDataLength
  })
  await network.send('Network.enable')
  const answer = await page.goto(url, { waitUntil: 'load' })
  if (answer?.status() !== 200) throw new Error(`${url} answered ${answer?.status()}`)
  // The page's own clock, which began when it was asked for.
  const shown = await page.waitForFunction(
    'document.getElementById("root")?.innerText.trim() ? performance.now() : 0',
    undefined,
    { timeout: SHOWN_MS },
  )
  const loaded = await page.evaluate<number>('performance.getEntriesByType("navigation")[0].loadEventEnd')
  return {
    shownMs: Number(await shown.jsonValue()),
    loadedMs: loaded,
    scriptKb: bytes.script / KILOBYTE,
    allKb: bytes.all / KILOBYTE,
    files,
  }
}

function figuresOf(loads: readonly Loaded[]): Figure[] {
  const of = (pick: (load: Loaded) => number) => loads.map(pick)
  return [
    figureOf(
      ROW,
      'until there is text',
      'ms',
      of(({ shownMs }) => shownMs),
    ),
    figureOf(
      ROW,
      'until loaded',
      'ms',
      of(({ loadedMs }) => loadedMs),
    ),
    figureOf(
      ROW,
      'script',
      'kB',
      of(({ scriptKb }) => scriptKb),
    ),
    figureOf(
      ROW,
      'all files',
      'kB',
      of(({ allKb }) => allKb),
    ),
    figureOf(
      ROW,
      'number of files',
      'files',
      of(({ files }) => files),
    ),
  ]
}

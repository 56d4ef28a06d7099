// The picture of the console in the README: `MARU_TEST_HOME=/var/lib/maru node tests/console-picture.ts APP FILE`, as
// root, with an installation that runs and an app that has had visitors for a while.
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DESKTOP, openBrowser } from './browser.ts'
import { newPerson, openConsole } from './console-person.ts'

const [app = '', file = 'docs/pictures/console.png'] = process.argv.slice(2)
const ends: Array<() => unknown> = []
const browser = await openBrowser({ after: (end) => ends.unshift(end) })
try {
  const person = await newPerson('Painter')
  const options = { viewport: DESKTOP, colorScheme: 'light', reducedMotion: 'reduce' } as const
  const page = await openConsole(browser, person, `/apps/${app}`, options)
  await page.getByText('Requests a second').waitFor()
  await page.waitForSelector('main[data-connection="live"]:not(:has([aria-busy="true"]))')
  await page.locator('main svg path.recharts-curve').first().waitFor()
  await mkdir(dirname(file), { recursive: true })
  await page.screenshot({ path: file })
} finally {
  for (const end of ends) await end()
}

import assert from 'node:assert/strict'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { openPage } from './browser.ts'
import { addressOf, cliOk, HOME } from './harness.ts'
import { ask } from './https.ts'

/** Somebody with an account, and what is typed to sign in. */
export interface Person {
  readonly name: string
  readonly email: string
  readonly password: string
}

const OWN_PAGE = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }

/** A new one-time link, as `maru setup-link` prints it. */
export async function setupLink(): Promise<string> {
  const { stdout } = await cliOk(['setup-link', '--home', HOME])
  return /https:\S+\/setup#\S+/.exec(stdout)?.[0] ?? assert.fail(stdout)
}

/** Makes an operator's account; several tests may want their own. */
export async function newPerson(name: string): Promise<Person> {
  const email = `${name}-${Date.now()}@example.org`
  const person = { name, email, password: 'seven-herons-over-the-weir' }
  const token = /#([^.]+)/.exec(await setupLink())?.[1]
  const body = JSON.stringify({ token, ...person })
  const made = await ask(undefined, { method: 'POST', path: '/v1/session/setup', headers: OWN_PAGE, body })
  assert.equal(made.status, 201, made.body)
  return person
}

/** A session of its own, for the contexts of a browser. */
export async function signIn({ email, password }: Person): Promise<BrowserContextOptions> {
  const body = JSON.stringify({ email, password })
  const answer = await ask(undefined, { method: 'POST', path: '/v1/session', headers: OWN_PAGE, body })
  assert.equal(answer.status, 201, answer.body)
  const [name = '', value = ''] = answer.headers['set-cookie']?.[0]?.split(';')[0]?.split('=') ?? []
  const { hostname } = new URL(addressOf())
  const place = { domain: hostname, path: '/', expires: -1 } as const
  const kind = { httpOnly: true, secure: true, sameSite: 'Strict' } as const
  return { storageState: { cookies: [{ name, value, ...place, ...kind }], origins: [] } }
}

/** Ends the session of a page behind its back, as time does. */
export async function endSession(page: Page): Promise<void> {
  const [cookie] = await page.context().cookies(addressOf())
  const headers = { 'sec-fetch-site': 'same-origin', cookie: `${cookie?.name}=${cookie?.value}` }
  const ended = await ask(undefined, { method: 'DELETE', path: '/v1/session', headers })
  assert.equal(ended.status, 200, ended.body)
}

/** A page of the console, signed in. */
export async function openConsole(
  browser: Browser,
  person: Person,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await openPage(browser, { ...(await signIn(person)), ...options })
  page.setDefaultTimeout(30_000)
  await page.goto(addressOf() + path)
  return page
}

/** Counts from now on how often the page was blank; a reload forgets the count, and the answer is undefined. */
export async function countBlankMoments(page: Page): Promise<() => Promise<number | undefined>> {
  await page.evaluate(
    'window.blankMoments = 0; setInterval(() => { if (!document.querySelector("main h1")) window.blankMoments += 1 }, 50)',
  )
  return async () => await page.evaluate<number | undefined>('window.blankMoments')
}

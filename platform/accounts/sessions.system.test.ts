import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { accountRoutes } from '#contract/accounts.ts'
import { type ControlConfig, urlOf } from '#contract/installation.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { identifyCaller } from '#runtime/server/identify.ts'
import { makeTestDatabase, type TestDatabase } from '#runtime/server/test-database.ts'
import { makeTestServer } from '#runtime/server/test-server.ts'
import { accountJobs } from './jobs.ts'
import { principalOf } from './principals.ts'
import { accountHandlers } from './routes.ts'
import { principalOfSession } from './sessions.ts'
import { makeSetupLink } from './setup.ts'

const PASSWORD = 'seven quiet otters dig'
const installation = { domain: 'maru.localhost', ports: { http: 80, https: 8443 } }
const config = { installation } as ControlConfig
const ORIGIN = urlOf(installation)
const OWN_PAGE = { 'sec-fetch-site': 'same-origin' }

let database: TestDatabase
let now = new Date('2026-01-01T00:00:00Z')
let minutes = 0
let server: ReturnType<typeof makeTestServer>
let deps: ServerDeps

before(async () => {
  database = await makeTestDatabase()
  const { db } = database
  const jobs = { add: async () => undefined } as unknown as ServerDeps['jobs']
  deps = { db, config, jobs, now: () => now } as unknown as ServerDeps
  const { identify } = identifyCaller(
    {
      principalOf: (token) => principalOf(db, token, now),
      principalOfSession: (secret) => principalOfSession(db, secret, now),
    },
    ORIGIN,
    { take: async () => undefined },
    // A minute later with each request: the limits by the minute are another test's matter.
    () => 60_000 * ++minutes,
  )
  const handlers = { accounts: accountHandlers(randomBytes(32).toString('hex')) }
  server = makeTestServer({ accounts: accountRoutes }, handlers, { deps, origin: ORIGIN }, identify)
})
after(async () => {
  await server.close()
  await database.close()
})

type Headers = Readonly<Record<string, string>>

const send = (method: 'GET' | 'POST' | 'DELETE', url: string, headers: Headers = {}, payload?: object) =>
  server.inject({ method, url, headers: { ...headers }, ...(payload ? { payload } : {}) })

async function newPerson(email: string) {
  const { token } = await makeSetupLink(deps)
  return await send('POST', '/v1/session/setup', OWN_PAGE, { token, email, name: 'Ada', password: PASSWORD })
}

const signIn = (email: string, password = PASSWORD, headers: Headers = OWN_PAGE) =>
  send('POST', '/v1/session', headers, { email, password })

type Answer = Awaited<ReturnType<typeof send>>

const cookieOf = (answer: Answer) =>
  String(answer.headers['set-cookie'] ?? assert.fail(answer.body)).split(';')[0] ?? ''
const me = (cookie: string, headers: Headers = OWN_PAGE) => send('GET', '/v1/me', { ...headers, cookie })

test('a person sets up in the browser, once for each link, and is signed in', async () => {
  const { token } = await makeSetupLink(deps)
  const body = { token, email: 'ada@example.org', name: 'Ada', password: PASSWORD }
  const made = await send('POST', '/v1/session/setup', OWN_PAGE, body)
  assert.deepEqual([made.statusCode, made.json().email, made.json().operator], [201, body.email, true])
  assert.equal((await me(cookieOf(made))).json().email, body.email)
  const again = await send('POST', '/v1/session/setup', OWN_PAGE, { ...body, email: 'eve@example.org' })
  assert.deepEqual([again.statusCode, again.headers['set-cookie']], [403, undefined])
})

test('the cookie is for this host and HTTPS only, out of reach of scripts, and ends after 12 hours', async () => {
  await newPerson('flags@example.org')
  const cookie = String((await signIn('flags@example.org')).headers['set-cookie'])
  const [pair, ...flags] = cookie.split('; ')
  assert.match(pair ?? '', /^__Host-maru-session=[0-9A-Za-z]{43}$/)
  assert.deepEqual(flags.sort(), ['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict', 'Secure'])
})

test('a valid cookie counts only when the platform’s own page sends it', async () => {
  const cookie = cookieOf(await newPerson('origin@example.org'))
  const counts: Headers[] = [OWN_PAGE, { origin: ORIGIN }]
  const refused: Headers[] = [
    { 'sec-fetch-site': 'cross-site' },
    // A page of an app: https://shop.maru.localhost is the same site, and another origin.
    { 'sec-fetch-site': 'same-site', origin: 'https://shop.maru.localhost:8443' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'same-site', origin: ORIGIN },
    { origin: 'https://shop.maru.localhost:8443' },
    { origin: 'https://maru.localhost' },
    { origin: 'null' },
    {},
  ]
  for (const headers of counts) assert.equal((await me(cookie, headers)).statusCode, 200)
  for (const headers of refused) {
    const answers = [await me(cookie, headers), await send('DELETE', '/v1/session', { ...headers, cookie })]
    for (const answer of answers)
      assert.deepEqual([answer.statusCode, answer.json().error.code], [401, 'unauthenticated'])
  }
  assert.equal((await me(cookie)).statusCode, 200)
})

test('signing out kills the session at once, and no other', async () => {
  await newPerson('out@example.org')
  const [here, there] = [cookieOf(await signIn('out@example.org')), cookieOf(await signIn('out@example.org'))]
  const ended = await send('DELETE', '/v1/session', { ...OWN_PAGE, cookie: here })
  assert.deepEqual(ended.json(), { ended: true })
  assert.match(
    String(ended.headers['set-cookie']),
    /^__Host-maru-session=;.*(Max-Age=0|Expires=Thu, 01 Jan 1970)/,
  )
  assert.equal((await me(here)).statusCode, 401)
  assert.equal((await me(there)).statusCode, 200)
})

test('signing in again ends the session that the browser had', async () => {
  const first = cookieOf(await newPerson('again@example.org'))
  const second = cookieOf(await signIn('again@example.org', PASSWORD, { ...OWN_PAGE, cookie: first }))
  assert.equal((await me(first)).statusCode, 401)
  assert.equal((await me(second)).statusCode, 200)
})

test('a session ends after its hours, does not hinder signing in, and is swept', async () => {
  const cookie = cookieOf(await newPerson('late@example.org'))
  const before = now
  now = new Date(now.getTime() + 12 * 60 * 60 * 1000 - 1000)
  assert.equal((await me(cookie)).statusCode, 200)
  now = new Date(now.getTime() + 2000)
  assert.deepEqual(
    [(await me(cookie)).statusCode, (await me(cookie)).json().error.code],
    [401, 'unauthenticated'],
  )
  const fresh = await signIn('late@example.org', PASSWORD, { ...OWN_PAGE, cookie })
  assert.equal(fresh.statusCode, 201)
  await accountJobs(deps)['accounts.sweep']?.({}, {} as never)
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from accounts_browser_session`.execute(
    database.db,
  )
  assert.equal(rows[0]?.n, 1)
  assert.equal((await me(cookieOf(fresh))).statusCode, 200)
  now = before
})

test('guessing in the browser and at the command line is counted together', async () => {
  await newPerson('guess@example.org')
  const wrong = 'a wrong password'
  const codes: string[] = []
  for (let count = 0; count < 5; count += 1) {
    codes.push((await signIn('guess@example.org', wrong)).json().error.code)
    const login = await send('POST', '/v1/login', {}, { email: 'guess@example.org', password: wrong })
    codes.push(login.json().error.code)
  }
  assert.deepEqual(new Set(codes), new Set(['accounts.login_failed']))
  const paused = await signIn('guess@example.org')
  assert.deepEqual([paused.statusCode, paused.json().error.code], [429, 'accounts.login_paused'])
  assert.equal(paused.headers['set-cookie'], undefined)
})

test('a token wins over the cookie; the secret of a session is no token', async () => {
  const cookie = cookieOf(await newPerson('both@example.org'))
  await newPerson('token@example.org')
  const login = await send('POST', '/v1/login', {}, { email: 'token@example.org', password: PASSWORD })
  const bearer = { authorization: `Bearer ${login.json().secret}` }
  assert.equal((await me(cookie, { ...OWN_PAGE, ...bearer })).json().email, 'token@example.org')
  const stolen = { authorization: `Bearer ${cookie.split('=')[1]}` }
  assert.equal((await send('GET', '/v1/me', stolen)).statusCode, 401)
})

test('the database knows no secret of a session', async () => {
  const secret = cookieOf(await newPerson('hash@example.org')).split('=')[1] ?? ''
  const { rows } = await sql<{ dump: string }>`
    select concat((select json_agg(s) from accounts_browser_session s)) as dump`.execute(database.db)
  assert.ok(rows[0]?.dump.includes('secret_hash'))
  assert.ok(!rows[0]?.dump.includes(secret))
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { accountRoutes, type NewToken } from '#contract/accounts.ts'
import type { ControlConfig } from '#contract/installation.ts'
import { ANONYMOUS } from '#runtime/server/authorize.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { makeTestDatabase, type TestDatabase } from '#runtime/server/test-database.ts'
import { makeTestServer } from '#runtime/server/test-server.ts'
import { principalOf, ROOT } from './principals.ts'
import { accountHandlers } from './routes.ts'

const PASSWORD = 'seven quiet otters dig'
const config = {
  installation: { domain: 'maru.localhost', ports: { http: 80, https: 443 } },
} as ControlConfig

let database: TestDatabase
let now = new Date('2026-01-01T00:00:00Z')
let server: ReturnType<typeof makeTestServer>

before(async () => {
  database = await makeTestDatabase()
  const routes = { accounts: accountRoutes }
  const handlers = { accounts: accountHandlers(randomBytes(32).toString('hex')) }
  const deps: Partial<ServerDeps> = { db: database.db, config, now: () => now }
  server = makeTestServer(routes, handlers, { deps }, async (request) => {
    const token = request.headers.authorization?.slice('Bearer '.length)
    if (token === undefined) return request.headers['x-test-who'] === 'root' ? ROOT : ANONYMOUS
    return (await principalOf(database.db, token, now)) ?? ANONYMOUS
  })
})
after(async () => {
  await server.close()
  await database.close()
})

async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, body?: object, token?: string) {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
  const answer = await server.inject({ method, url, headers, ...(body ? { payload: body } : {}) })
  return {
    status: answer.statusCode,
    code: answer.json().error?.code as string | undefined,
    json: answer.json(),
  }
}

async function newLink(): Promise<string> {
  const answer = await server.inject({
    method: 'POST',
    url: '/v1/setup-link',
    headers: { 'x-test-who': 'root' },
  })
  assert.equal(answer.statusCode, 201)
  return answer.json().token as string
}

const takeLink = (token: string, email: string, password = PASSWORD) =>
  ask('POST', '/v1/setup', { token, email, name: 'Ada', password })
const logIn = (email: string, password: string) => ask('POST', '/v1/login', { email, password })

async function newOperator(email: string): Promise<NewToken> {
  const answer = await takeLink(await newLink(), email)
  assert.equal(answer.status, 201)
  return answer.json as NewToken
}

test('the set-up link makes an operator who owns the first team, and works once', async () => {
  const link = await newLink()
  const first = await takeLink(link, 'Ada@Example.org')
  assert.equal(first.status, 201)
  const me = await ask('GET', '/v1/me', undefined, first.json.secret)
  assert.equal(me.json.email, 'ada@example.org')
  assert.equal(me.json.operator, true)
  assert.deepEqual(me.json.teams, [{ id: 'team_home', name: 'Home', role: 'owner' }])
  assert.equal((await takeLink(link, 'eve@example.org')).code, 'accounts.setup_invalid')
})

test('of many who take one link at the same moment one succeeds', async () => {
  const link = await newLink()
  const answers = await Promise.all(
    ['r1', 'r2', 'r3', 'r4'].map((name) => takeLink(link, `${name}@example.org`)),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 403, 403, 403])
})

test('a new link replaces the one before, and a link ends after its hours', async () => {
  const old = await newLink()
  const link = await newLink()
  assert.equal((await takeLink(old, 'old@example.org')).code, 'accounts.setup_invalid')
  const before = now
  now = new Date(now.getTime() + 25 * 60 * 60 * 1000)
  assert.equal((await takeLink(link, 'late@example.org')).code, 'accounts.setup_invalid')
  now = before
})

test('a weak password is refused and leaves the link as it was', async () => {
  const link = await newLink()
  for (const weak of ['password1234', 'aaaaaaaaaaaa', 'qwertyuiop12', 'grace@example.org']) {
    assert.equal((await takeLink(link, 'grace@example.org', weak)).code, 'accounts.password_weak', weak)
  }
  assert.equal((await takeLink(link, 'grace@example.org', 'short')).code, 'invalid')
  assert.equal((await takeLink(link, 'grace@example.org')).status, 201)
})

test('an address that has an account does not use up the link', async () => {
  await newOperator('twice@example.org')
  const link = await newLink()
  assert.equal((await takeLink(link, 'twice@example.org')).code, 'accounts.email_taken')
  assert.equal((await takeLink(link, 'thrice@example.org')).status, 201)
})

test('sign-in gives a token; wrong and unknown are answered alike', async () => {
  await newOperator('bo@example.org')
  const good = await logIn('BO@example.org', PASSWORD)
  assert.equal(good.status, 201)
  assert.equal((await ask('GET', '/v1/me', undefined, good.json.secret)).json.email, 'bo@example.org')
  const wrong = await logIn('bo@example.org', 'not the password')
  const unknown = await logIn('nobody@example.org', 'not the password')
  assert.equal(wrong.code, 'accounts.login_failed')
  assert.deepEqual(unknown.json, wrong.json)
})

test('guessing is paused for that address, known or not, and only for a while', async () => {
  await newOperator('cy@example.org')
  for (const email of ['cy@example.org', 'ghost@example.org']) {
    const answers = await Promise.all(Array.from({ length: 12 }, () => logIn(email, 'a wrong password')))
    const codes = answers.map(({ code }) => code)
    assert.equal(codes.filter((code) => code === 'accounts.login_failed').length, 10, email)
    assert.equal(codes.filter((code) => code === 'accounts.login_paused').length, 2, email)
  }
  assert.equal((await logIn('cy@example.org', PASSWORD)).code, 'accounts.login_paused')
  now = new Date(now.getTime() + 16 * 60 * 1000)
  assert.equal((await logIn('cy@example.org', PASSWORD)).status, 201)
})

test('a stranger who keeps guessing is paused and does not keep the person out', async () => {
  await newOperator('fay@example.org')
  const payload = { email: 'fay@example.org', password: 'a wrong password' }
  const guess = () => server.inject({ method: 'POST', url: '/v1/login', payload, remoteAddress: '192.0.2.7' })
  const answers: number[] = []
  for (let count = 0; count < 30; count += 1) answers.push((await guess()).statusCode)
  assert.equal(answers.filter((status) => status === 401).length, 10)
  assert.equal((await logIn('fay@example.org', PASSWORD)).status, 201)
})

test('tokens end when they are revoked, when they expire, and never belong to another', async () => {
  const mine = await newOperator('di@example.org')
  const other = await newOperator('ed@example.org')
  const extra = await ask('POST', '/v1/tokens', { name: 'ci', days: 1 }, mine.secret)
  assert.equal(extra.status, 201)
  assert.match(extra.json.secret, /^maru_[0-9A-Za-z]{43}$/)
  const listed = await ask('GET', '/v1/tokens', undefined, mine.secret)
  assert.deepEqual(listed.json.tokens.map(({ name }: { name: string }) => name).sort(), ['ci', 'maru CLI'])
  assert.ok(!JSON.stringify(listed.json).includes(extra.json.secret))

  const path = `/v1/tokens/${extra.json.token.id}`
  assert.equal((await ask('DELETE', path, undefined, other.secret)).code, 'accounts.token_not_found')
  assert.equal((await ask('DELETE', path, undefined, mine.secret)).status, 200)
  assert.equal((await ask('GET', '/v1/me', undefined, extra.json.secret)).status, 401)

  const before = now
  now = new Date(now.getTime() + 91 * 24 * 60 * 60 * 1000)
  assert.equal((await ask('GET', '/v1/me', undefined, mine.secret)).status, 401)
  now = before
})

test('no secret is in the database', async () => {
  const link = await newLink()
  const { secret } = await newOperator('fi@example.org')
  const { rows } = await sql<{ dump: string }>`
    select concat(
      (select json_agg(t) from accounts_token t), (select json_agg(u) from accounts_user u),
      (select json_agg(a) from accounts_account a), (select json_agg(l) from accounts_setup_link l)
    ) as dump`.execute(database.db)
  const dump = rows[0]?.dump ?? ''
  assert.ok(dump.includes('fi@example.org'))
  for (const hidden of [link, secret, PASSWORD]) assert.ok(!dump.includes(hidden))
})

test('root on the host is an operator and makes no tokens', async () => {
  const headers = { 'x-test-who': 'root' }
  const me = await server.inject({ method: 'GET', url: '/v1/me', headers })
  assert.deepEqual([me.json().kind, me.json().operator], ['root', true])
  const token = await server.inject({ method: 'POST', url: '/v1/tokens', headers, payload: {} })
  assert.equal(token.statusCode, 403)
  assert.equal(token.json().error.code, 'accounts.root_has_no_tokens')
})

import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { before, test } from 'node:test'
import { LIVE_BEAT_S, type LiveEvent } from '#contract/live.ts'
import { readServerEvents } from '#runtime/kit/server-events.ts'
import { addressOf, cliOk, HOME, newApp, waitFor } from './harness.ts'
import { ask, ROOT_CERTIFICATE } from './https.ts'

const PERSON = { email: 'browser@example.org', name: 'Browser Person', password: 'nine-lanterns-by-the-quay' }
const OWN_PAGE = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
const HTML = { accept: 'text/html,*/*;q=0.8' }

let cookie = ''

before(async () => {
  const { stdout } = await cliOk(['setup-link', '--home', HOME])
  const token = /#([^.]+)\./.exec(stdout)?.[1] ?? assert.fail(stdout)
  const body = JSON.stringify({ token, ...PERSON })
  const made = await ask(undefined, { method: 'POST', path: '/v1/session/setup', headers: OWN_PAGE, body })
  assert.equal(made.status, 201, made.body)
  cookie = made.headers['set-cookie']?.[0]?.split(';')[0] ?? assert.fail('no cookie')
})

const me = (headers: Readonly<Record<string, string>>) => ask(undefined, { path: '/v1/me', headers })

async function signIn(): Promise<string> {
  const body = JSON.stringify({ email: PERSON.email, password: PERSON.password })
  const answer = await ask(undefined, { method: 'POST', path: '/v1/session', headers: OWN_PAGE, body })
  assert.equal(answer.status, 201, answer.body)
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? assert.fail('no cookie')
}

test('the console is at the platform’s address, and every file that it names is there', async () => {
  const page = await ask(undefined, { path: '/apps/any', headers: HTML })
  assert.equal(page.status, 200)
  const policy = String(page.headers['content-security-policy'])
  const nonce = /name="csp-nonce" content="([^"]+)"/.exec(page.body)?.[1] ?? assert.fail(page.body)
  assert.ok(policy.includes(`'nonce-${nonce}'`) && policy.includes("script-src 'self';"), policy)
  const files = [...page.body.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css|svg))"/g)].map(
    ([, path]) => path ?? '',
  )
  assert.ok(files.length > 2, page.body)
  for (const path of files) {
    const file = await ask(undefined, { path, headers: { 'accept-encoding': 'br' } })
    assert.equal(file.status, 200, path)
    if (path.startsWith('/assets/')) assert.match(String(file.headers['cache-control']), /immutable/)
  }
})

test('a session works from the platform’s own page and from no other', async () => {
  const good = await me({ cookie, 'sec-fetch-site': 'same-origin' })
  assert.equal((JSON.parse(good.body) as { email: string }).email, PERSON.email)
  const app = addressOf('some-app')
  for (const headers of [
    { 'sec-fetch-site': 'same-site', origin: app },
    { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' },
    { origin: app },
    {},
  ])
    assert.equal((await me({ cookie, ...headers } as Record<string, string>)).status, 401)
})

test('the live stream says what changes over HTTP/2, and ends when its session is ended', async (t) => {
  const own = await signIn()
  const session = connect(addressOf(), {
    ca: ROOT_CERTIFICATE,
    lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  } as Parameters<typeof connect>[1])
  t.after(() => session.close())
  const stream = session.request({ ':path': '/v1/live', cookie: own, 'sec-fetch-site': 'same-origin' })
  const heard: LiveEvent[] = []
  let last = ''
  const over = (async () => {
    for await (const { name, data } of readServerEvents(stream)) {
      if (name === 'error') last = data
      else heard.push(JSON.parse(data) as LiveEvent)
    }
  })()
  await waitFor('the greeting', async () => heard[0]?.type === 'hello')

  const app = newApp(t, 'live')
  await cliOk(['deploy', 'examples/static-site', '--app', app])
  await waitFor('the app is named', async () => JSON.stringify(heard).includes(`"${app}"`))
  await waitFor('a beat', async () => heard.some(({ type }) => type === 'beat'))

  const headers = { cookie: own, 'sec-fetch-site': 'same-origin' }
  assert.equal((await ask(undefined, { method: 'DELETE', path: '/v1/session', headers })).status, 200)
  assert.equal((await me(headers)).status, 401)
  const endedAt = performance.now()
  await over
  assert.ok(performance.now() - endedAt < (LIVE_BEAT_S + 3) * 1000)
  assert.match(last, /unauthenticated/)
  assert.equal((await me({ ...headers, cookie })).status, 200, 'the other session goes on')
})

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Principal, TeamRole } from '#contract/access.ts'
import { API } from '#contract/api.ts'
import type { Route } from '#contract/route.ts'
import { ANONYMOUS } from './authorize.ts'
import type { HandlersOf } from './routes.ts'
import { makeTestServer, WHO } from './test-server.ts'

/** Regenerate with UPDATE_GOLDEN=1 and read the difference: each line is someone's right. */
const GOLDEN = join(import.meta.dirname, 'golden/access-matrix.txt')
const OWN_TEAM = 'team_own'

const member = (teamId: string, role: TeamRole): Principal => ({
  kind: 'user',
  id: `${role}-of-${teamId}`,
  name: role,
  operator: false,
  teams: [{ teamId, role }],
})

const PEOPLE: Readonly<Record<string, Principal>> = {
  anonymous: ANONYMOUS,
  'no-team': { kind: 'user', id: 'alone', name: 'alone', operator: false, teams: [] },
  'foreign-owner': member('team_foreign', 'owner'),
  viewer: member(OWN_TEAM, 'viewer'),
  developer: member(OWN_TEAM, 'developer'),
  owner: member(OWN_TEAM, 'owner'),
  operator: { kind: 'user', id: 'op', name: 'op', operator: true, teams: [] },
}

const ROUTES = Object.entries(API).flatMap(([capability, routes]) =>
  Object.entries<Route>(routes).map(([name, route]) => ({ id: `${capability}.${name}`, route })),
)

let reached: string | undefined
/** Handlers that only tell that they were reached; whatever they would do, the caller was allowed to. */
const markers = Object.fromEntries(
  Object.entries(API).map(([capability, routes]) => [
    capability,
    Object.fromEntries(
      Object.keys(routes).map((name) => [
        name,
        async () => {
          reached = `${capability}.${name}`
          throw new Error('reached')
        },
      ]),
    ),
  ]),
) as unknown as HandlersOf<typeof API>

const server = makeTestServer(API, markers, {
  people: PEOPLE,
  lookups: {
    teamOfApp: async (app) => (app === 'shop' ? OWN_TEAM : undefined),
    teamOfOperation: async (operation) =>
      operation === 'op_2222' ? OWN_TEAM : operation === 'op_3333' ? 'platform' : undefined,
  },
})
after(() => server.close())

const VALUES: Readonly<Record<string, string>> = {
  app: 'shop',
  operation: 'op_2222',
  token: 'tok_2222',
  document: 'assessment-results',
  drill: 'database-primary-dies',
  dataCentre: 'dc1',
  run: 'run_2222',
  start: 'start_2222',
  host: 'second',
  engagement: 'eng_2222',
  incident: 'inc_2222',
  rule: 'shop-k3f9x2m7',
  upstream: 'isp',
  address: '203.0.113.1',
}
const ABSENT: Readonly<Record<string, string>> = {
  app: 'absent',
  operation: 'op_9999',
  token: 'tok_9999',
  host: 'absent',
  rule: 'absent-rule',
}
const urlOf = (route: Route, values: Readonly<Record<string, string>>) =>
  route.path.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => values[name] ?? assert.fail(`no value for ${name}`),
  )

async function ask(who: string, route: Route, values = VALUES) {
  reached = undefined
  const answer = await server.inject({
    method: route.method,
    url: urlOf(route, values),
    headers: { [WHO]: who },
  })
  const code = answer.body.startsWith('{"error"') ? (answer.json().error.code as string) : 'none'
  return { status: answer.statusCode, code, body: answer.body, reached }
}

/** What came of it: a body that does not fit (`invalid`) is judged after access, so it means "allowed" as well. */
async function outcome(who: string, route: Route, id: string): Promise<string> {
  const answer = await ask(who, route)
  if (answer.reached === id || answer.code === 'invalid') return 'allowed'
  return answer.code
}

test('the access matrix is the committed one', async () => {
  const lines: string[] = []
  for (const { id, route } of ROUTES) {
    lines.push(`${id} (${route.access.action} on ${route.access.resource})`)
    for (const who of Object.keys(PEOPLE)) lines.push(`  ${who}: ${await outcome(who, route, id)}`)
  }
  const matrix = `${lines.join('\n')}\n`
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, matrix)
  assert.equal(matrix, readFileSync(GOLDEN, 'utf8'))
})

test('anonymous callers reach public routes only', async () => {
  for (const { id, route } of ROUTES) {
    const answer = await ask('anonymous', route)
    if (route.access.resource === 'public') assert.notEqual(answer.code, 'unauthenticated', id)
    else
      assert.deepEqual([answer.status, answer.code, answer.reached], [401, 'unauthenticated', undefined], id)
  }
})

test("another team's app is answered exactly like one that does not exist", async () => {
  const ofOneApp = ROUTES.filter(({ route }) => ['app', 'operation'].includes(route.access.resource))
  assert.ok(ofOneApp.length > 10)
  for (const { id, route } of ofOneApp) {
    for (const who of ['foreign-owner', 'operator', 'no-team']) {
      const foreign = await ask(who, route)
      const absent = await ask(who, route, ABSENT)
      assert.equal(foreign.status, 404, `${who} ${id}`)
      const neutral = (body: string) => body.replaceAll('absent', 'shop').replaceAll('op_9999', 'op_2222')
      assert.equal(neutral(absent.body), foreign.body, `${who} ${id}`)
      assert.equal(foreign.reached, undefined, `${who} ${id}`)
    }
  }
})

test("the platform's own operations are its operators' matter: for everybody else they do not exist", async () => {
  const route = API.operations.get
  const platform = { ...VALUES, operation: 'op_3333' }
  assert.equal((await ask('operator', route, platform)).reached, 'operations.get')
  for (const who of ['owner', 'foreign-owner', 'viewer', 'no-team']) {
    const { code, reached: got } = await ask(who, route, platform)
    assert.deepEqual([code, got], ['operations.not_found', undefined], who)
  }
})

test('a name that cannot be one is refused before anything is looked up', async () => {
  const odd = { app: 'a%00b', operation: 'op_%00', token: 'tok_2222', rule: 'shop-k3f9x2m7' }
  for (const { id, route } of ROUTES) {
    if (!['app', 'operation'].includes(route.access.resource)) continue
    const answer = await ask('owner', route, odd)
    assert.deepEqual([answer.status, answer.code, answer.reached], [400, 'invalid', undefined], id)
    assert.equal((await ask('anonymous', route, odd)).code, 'unauthenticated', id)
  }
})

test('a viewer changes nothing', async () => {
  for (const { id, route } of ROUTES) {
    if (route.method === 'GET' || ['public', 'self'].includes(route.access.resource)) continue
    const answer = await ask('viewer', route)
    assert.deepEqual([answer.status, answer.reached], [403, undefined], id)
  }
})

test('a route without a handler stops the start', () => {
  const { list: _, ...missing } = markers.apps
  assert.throws(
    () => makeTestServer(API, { ...markers, apps: missing } as unknown as HandlersOf<typeof API>),
    /route apps\.list has no handler/,
  )
})

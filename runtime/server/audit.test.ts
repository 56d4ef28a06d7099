import assert from 'node:assert/strict'
import { after, test as run } from 'node:test'
import { z } from 'zod'
import type { Principal } from '#contract/access.ts'
import { API } from '#contract/api.ts'
import { MaruError } from '#contract/errors.ts'
import { type Route, route } from '#contract/route.ts'
import { type ActEnd, type AuditLog, type BegunAct, isActRecorded, isRecorded } from './audit.ts'
import type { HandlersOf } from './routes.ts'
import { makeTestServer, WHO } from './test-server.ts'

const ROUTES = Object.entries(API).flatMap(([capability, routes]) =>
  Object.entries<Route>(routes).map(([name, route]) => ({ id: `${capability}.${name}`, route })),
)
const operator: Principal = { kind: 'user', id: 'op', name: 'ada', operator: true, teams: [] }
const stranger: Principal = { ...operator, id: 'no', name: 'eve', operator: false }

let written: Array<{ act: BegunAct; end?: ActEnd }> = []
let full = false
const audit: AuditLog = {
  begin: async (act) => {
    if (full) throw new MaruError('database_unavailable')
    return written.push({ act }) - 1
  },
  end: async (id, end) => void Object.assign(written[id] ?? {}, { end }),
  whole: async (act, end) => void written.push({ act, end }),
}
/** A test with an empty log that takes everything. */
const test = (name: string, work: () => Promise<void> | void) =>
  run(name, async () => {
    written = []
    full = false
    await work()
  })

let handled = 0
const own = {
  things: {
    change: route({
      method: 'PUT',
      path: '/v1/things/{thing}',
      summary: 'Change a thing',
      access: { resource: 'platform', action: 'manage' },
      params: z.strictObject({ thing: z.string() }),
      query: z.strictObject({ soon: z.string().optional() }),
      body: z.strictObject({
        colour: z.string(),
        values: z.record(z.string(), z.string()),
        password: z.string(),
      }),
      response: z.strictObject({ id: z.string(), secret: z.string() }),
      recorded: { body: ['colour'], names: ['values'] },
    }),
    look: route({
      method: 'GET',
      path: '/v1/things',
      summary: 'Look',
      access: { resource: 'platform', action: 'read' },
    }),
  },
}
const handlers: HandlersOf<typeof own> = {
  things: {
    change: async ({ body }) => {
      handled += 1
      if (body.colour === 'none') throw new MaruError('not_found', { path: 'none' })
      if (body.colour === 'broken') throw new Error('broken')
      return { id: 'thing_1', secret: 'told to nobody' }
    },
    look: async () => undefined,
  },
}
const server = makeTestServer(own, handlers, { people: { ada: operator, eve: stranger }, audit })
after(() => server.close())

const change = (colour: string, who = 'ada') =>
  server.inject({
    method: 'PUT',
    url: '/v1/things/lamp?soon=yes',
    headers: { [WHO]: who },
    payload: { colour, values: { KEY: 'hidden' }, password: 'hidden' },
  })

test('an act is written down with who, on what and what came of it, and without what could be secret', async () => {
  assert.equal((await change('red')).statusCode, 200)
  const [{ act, end } = assert.fail('nothing was written')] = written
  assert.deepEqual([act.who.name, act.action, act.goals], ['ada', 'things.change', { thing: 'lamp' }])
  assert.deepEqual(act.told, { soon: 'yes', colour: 'red', values: ['KEY'] })
  assert.deepEqual(end, { result: 'done', answer: { id: 'thing_1' } })
  assert.doesNotMatch(JSON.stringify(written), /hidden|told to nobody/)
})

test('what was refused, what failed, and who was not allowed is written down with its reason', async () => {
  await change('none')
  await change('broken')
  await change('red', 'eve')
  assert.deepEqual(
    written.map(({ act, end }) => [act.who.name, end?.result, end?.code]),
    [
      ['ada', 'refused', 'not_found'],
      ['ada', 'failed', 'internal'],
      ['eve', 'refused', 'forbidden'],
    ],
  )
})

test('what cannot be written down is not done', async () => {
  full = true
  const before = handled
  assert.equal((await change('red')).json().error.code, 'database_unavailable')
  assert.equal(handled, before)
})

test('looking is not written down', async () => {
  await server.inject({ url: '/v1/things', headers: { [WHO]: 'ada' } })
  await server.inject({ url: '/v1/things', headers: { [WHO]: 'eve' } })
  assert.deepEqual(written, [])
})

test('every route that changes something or shows a secret is written down, without being told to', async () => {
  const changing = ROUTES.filter(({ route }) => isRecorded(route))
  assert.ok(changing.length > 40)
  const refused = makeTestServer(API, strangersOnly(), { people: { eve: stranger }, audit })
  const known = changing.filter(({ route }) => !['public', 'self'].includes(route.access.resource))
  for (const { id, route } of known) {
    written = []
    const url = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      name === 'operation' ? 'op_2222' : 'shop',
    )
    await refused.inject({ method: route.method, url, headers: { [WHO]: 'eve' } })
    assert.deepEqual(
      written.map(({ act, end }) => [act.action, act.who.name, end?.result]),
      [[id, 'eve', 'refused']],
    )
  }
  await refused.close()
})

test('what root says again and again is left out, with its reason, and of anybody else it is written down', () => {
  const left = ROUTES.filter(({ route }) => isRecorded(route) && !isActRecorded(route, { kind: 'root' }))
  assert.deepEqual(
    left.map(({ id }) => id),
    ['drills.nextForLab', 'drills.tellFromLab'],
  )
  assert.ok(left.every(({ route }) => isActRecorded(route, { kind: 'user' })))
})

/** Handlers that a stranger never reaches. */
const strangersOnly = () =>
  Object.fromEntries(
    Object.entries(API).map(([capability, routes]) => [
      capability,
      Object.fromEntries(Object.keys(routes).map((name) => [name, () => assert.fail(`${name} was reached`)])),
    ]),
  ) as unknown as HandlersOf<typeof API>

test('no route keeps what is a secret by its name', () => {
  for (const { id, route } of ROUTES) {
    const kept = [...(route.recorded?.body ?? []), ...(route.recorded?.answer ?? [])]
    for (const field of kept)
      assert.doesNotMatch(field, /^(token|password|secret|key|values?|env|request)$/i, id)
  }
})

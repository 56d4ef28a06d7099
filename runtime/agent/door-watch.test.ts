import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_ORDERS } from '#contract/guard.ts'
import { type Crowd, EDGE_LIMITS, type EdgeDoor, type Guesser } from '#platform/edge/index.ts'
import { makeEventBook } from '#platform/guard/host.ts'
import { watchDoor } from './door-watch.ts'

const guesser = (more: Partial<Guesser> = {}): Guesser => ({
  ...{ address: '203.0.113.7', failed: 50, turnedAway: 0, leftS: 0 },
  ...more,
})

const crowd = (more: Partial<Crowd> = {}): Crowd => ({
  ...{ address: '203.0.113.9', tooMany: 0, tooFast: 0, tooOften: 0, unended: 0 },
  ...more,
})

function watch(guessers: () => Promise<Guesser[]>, crowds: () => Crowd[] = () => []) {
  const told: unknown[] = []
  const look: EdgeDoor['look'] = async () => ({ guessers: await guessers(), crowds: crowds() })
  const turnAway: EdgeDoor['turnAway'] = async (address, leftS) => void told.push([address, leftS])
  const book = makeEventBook(1)
  const door = { door: { look, turnAway }, address: '192.0.2.1', port: 443 }
  const own = watchDoor(door, book, (address) => (address === '10.9.128.5' ? 'shop' : null))
  return { ...own, told, events: () => book.since(0).map(({ event }) => event) }
}

test('attempts are told of once, in one event a minute; what an app does is its own', async () => {
  let seen = [guesser(), guesser({ address: '10.9.128.5' })]
  const door = watch(async () => seen)
  for (let look = 0; look < 3; look++) await door.look(NO_ORDERS, [])
  seen = [guesser({ turnedAway: 7 })]
  await door.look(NO_ORDERS, [])
  assert.deepEqual(
    door.events().map(({ kind, count, app, disposition }) => [kind, count, app, disposition]),
    [
      ['password guessing', 50, 'shop', 'Blocked'],
      ['password guessing', 57, null, 'Blocked'],
    ],
  )
})

test('what was refused of somebody is told of once, in one event a minute for each reason; of what was there before it, nothing', async () => {
  let seen = [crowd({ tooMany: 7 })]
  const door = watch(
    async () => [],
    () => seen,
  )
  await door.look(NO_ORDERS, [])
  assert.deepEqual(door.events(), [])
  for (const tooMany of [9, 9, 19]) {
    seen = [
      crowd({ tooMany, unended: EDGE_LIMITS.unendedPerSource - 1 }),
      crowd({ address: '10.9.128.5', tooFast: 3 }),
    ]
    await door.look(NO_ORDERS, [])
  }
  assert.deepEqual(
    door
      .events()
      .map(({ kind, count, app, dst_endpoint, severity_id }) => [
        kind,
        count,
        app,
        dst_endpoint.port,
        severity_id,
      ]),
    [
      ['exhaustion', 3, 'shop', null, 4],
      ['exhaustion', 12, null, null, 4],
    ],
  )
})

test('an edge that was too busy to answer has forgotten nothing, and nothing is told twice', async () => {
  let [isBusy, turnedAway] = [false, 1]
  const seen = () => (isBusy ? Promise.reject(new Error('busy')) : Promise.resolve([guesser({ turnedAway })]))
  const door = watch(seen, () => [crowd({ tooMany: turnedAway })])
  await door.look(NO_ORDERS, [])
  isBusy = true
  await door.look(NO_ORDERS, [])
  assert.match(door.problem(), /does not say/)
  ;[isBusy, turnedAway] = [false, 3]
  await door.look(NO_ORDERS, [])
  assert.deepEqual(
    door.events().map(({ kind, count }) => [kind, count]),
    [
      ['exhaustion', 2],
      ['password guessing', 53],
    ],
  )
})

test('the edge is told of its own holds only', async () => {
  const door = watch(async () => [guesser({ failed: 0, leftS: 9 })])
  const { members } = await door.look(NO_ORDERS, [])
  assert.deepEqual(members, [{ set: 'signin', address: '203.0.113.7', leftS: 9 }])
  await door.change([
    { set: 'held4', address: '203.0.113.8', leftS: 600 },
    { set: 'signin', address: '203.0.113.7', leftS: 600 },
  ])
  assert.deepEqual(door.told, [['203.0.113.7', 600]])
})

test('an edge that hangs holds up nothing, and is a sentence until it answers', async () => {
  let answer: (seen: Guesser[]) => void = () => {}
  const door = watch(
    () =>
      new Promise((resolve) => {
        answer = resolve
      }),
  )
  assert.deepEqual(await door.look(NO_ORDERS, []), { members: [], wanted: [] })
  assert.match(door.problem(), /does not say who guesses/)
  await door.change([{ set: 'signin', address: '203.0.113.7', leftS: 600 }])
  assert.deepEqual(door.told, [])
  const next = door.look(NO_ORDERS, [])
  answer([guesser({ leftS: 9 })])
  assert.equal((await next).members.length, 1)
  assert.equal(door.problem(), '')
})

test('what an edge answers between two looks is taken by the next one: who always answers late is heard', async () => {
  let answer: (seen: Guesser[]) => void = () => {}
  let asked = 0
  const door = watch(() => {
    asked++
    return new Promise((resolve) => {
      answer = resolve
    })
  })
  await door.look(NO_ORDERS, [])
  answer([guesser({ leftS: 9 })])
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await door.look(NO_ORDERS, [])).members.length, 1)
  assert.equal(asked, 1)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_ORDERS } from '#contract/guard.ts'
import type { Guesser, SignInDoor } from '#platform/edge/index.ts'
import { makeEventBook } from '#platform/guard/host.ts'
import { watchDoor } from './door-watch.ts'

const guesser = (more: Partial<Guesser> = {}): Guesser => ({
  ...{ address: '203.0.113.7', failed: 50, turnedAway: 0, leftS: 0 },
  ...more,
})

function watch(guessers: SignInDoor['guessers']) {
  const told: unknown[] = []
  const turnAway: SignInDoor['turnAway'] = async (address, leftS) => void told.push([address, leftS])
  const book = makeEventBook(1)
  const door = { door: { guessers, turnAway }, address: '192.0.2.1', port: 443 }
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

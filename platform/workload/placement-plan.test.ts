import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import {
  type PlacedInstance,
  type PlacementHost,
  type PlacementInput,
  planPlacement,
  renderPlacement,
} from './placement-plan.ts'

const MB = 512
const host = (name: string, dataCentre: string, more: Partial<PlacementHost> = {}): PlacementHost => ({
  name,
  dataCentre,
  roomMb: 100 * MB,
  standing: 'ready',
  ...more,
})
const instance = (app: string, index: number, at: string | null, more: Partial<PlacedInstance> = {}) => ({
  key: `${app}/web.${index}`,
  group: `${app}/web`,
  memoryMb: MB,
  host: at,
  still: false,
  ...more,
})
const pair = (app: string, one: string | null, other: string | null) => [
  instance(app, 1, one),
  instance(app, 2, other),
]
const plan = (hosts: readonly PlacementHost[], instances: readonly PlacedInstance[], movesLeft = 0) =>
  planPlacement({ hosts, instances, movesLeft })

/** The instances after a plan was carried out. */
function after(input: Pick<PlacementInput, 'hosts' | 'instances'>, movesLeft = 0): PlacedInstance[] {
  const { moves } = planPlacement({ ...input, movesLeft })
  const to = new Map(moves.map((move) => [move.key, move.to]))
  return input.instances.map((one) => ({ ...one, host: to.get(one.key) ?? one.host }))
}

const TWO = [host('a1', 'east'), host('b1', 'west')]
const FOUR = [host('a1', 'east'), host('a2', 'east'), host('b1', 'west'), host('b2', 'west')]

const CASES: ReadonlyArray<readonly [string, readonly PlacementHost[], readonly PlacedInstance[], number]> = [
  ['new pairs are apart by data centre', FOUR, [...pair('chat', null, null), ...pair('shop', null, null)], 0],
  ['one data centre: apart by host', FOUR.slice(0, 2), pair('chat', null, null), 0],
  ['one host takes all', FOUR.slice(0, 1), pair('chat', null, null), 0],
  ['what is well placed stays', FOUR, [...pair('chat', 'a1', 'b1'), ...pair('shop', 'a2', 'b2')], 9],
  [
    'a lost host',
    [host('a1', 'east', { standing: 'lost' }), ...FOUR.slice(1)],
    [...pair('chat', 'a1', 'b1'), ...pair('shop', 'a2', 'b2')],
    0,
  ],
  [
    'a quiet host keeps what it has and gets nothing',
    [host('a1', 'east', { standing: 'quiet' }), host('b1', 'west')],
    [...pair('chat', 'a1', 'b1'), ...pair('shop', null, null)],
    9,
  ],
  [
    'a drained host',
    [host('a1', 'east', { standing: 'leaving' }), ...FOUR.slice(1)],
    pair('chat', 'a1', 'b1'),
    0,
  ],
  [
    'a drained host whose instances find no room',
    [host('a1', 'east', { standing: 'leaving' }), host('b1', 'west', { roomMb: MB })],
    pair('chat', 'a1', 'b1'),
    0,
  ],
  [
    'a drained host and room for some: the rest waits',
    [host('a1', 'east', { standing: 'leaving' }), host('b1', 'west', { roomMb: 3 * MB })],
    [...pair('chat', 'a1', 'b1'), ...pair('shop', 'a1', 'b1'), instance('wiki', 1, 'a1')],
    0,
  ],
  [
    'a data centre is drained: pairs share the other, apart by host',
    FOUR.map((one) => (one.dataCentre === 'west' ? { ...one, standing: 'leaving' as const } : one)),
    [...pair('chat', 'a1', 'b1'), ...pair('shop', 'a2', 'b2')],
    9,
  ],
  [
    'a lost host and too little room: the last of its group goes first, one with a partner waits',
    [host('a1', 'east', { standing: 'lost' }), host('b1', 'west', { roomMb: 2 * MB })],
    [...pair('chat', 'a1', 'b1'), instance('idle', 1, 'a1'), instance('wiki', 1, 'a1')],
    0,
  ],
  [
    'a data centre came back: pairs go apart, so many at a time',
    TWO,
    [...pair('chat', 'a1', 'a1'), ...pair('shop', 'a1', 'a1'), ...pair('wiki', 'a1', 'a1')],
    2,
  ],
  [
    'a host came back: the fullest gives',
    FOUR.slice(0, 2),
    [
      instance('chat', 1, 'a1'),
      instance('shop', 1, 'a1'),
      instance('wiki', 1, 'a1'),
      instance('idle', 1, 'a1'),
    ],
    9,
  ],
  [
    'an app that is being changed stays',
    TWO,
    pair('chat', 'a1', 'a1').map((one) => ({ ...one, still: true })),
    9,
  ],
  ['no host', [], pair('chat', null, null), 0],
]

test('what goes where', () => {
  const text = CASES.map(
    ([title, hosts, instances, movesLeft]) =>
      `# ${title}\n${renderPlacement(plan(hosts, instances, movesLeft))}\n`,
  )
  assertGolden(import.meta.dirname, 'placement.txt', text.join('\n'))
})

/** The same numbers in every run: a case that failed can be looked at again. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

function anyCluster(seed: number) {
  const pick = numbers(seed)
  const hosts = Array.from({ length: 2 + pick(7) }, (_, at) =>
    host(`h${at}`, at < 2 ? `dc${at}` : `dc${pick(3)}`),
  )
  const instances = Array.from({ length: 1 + pick(20) }, (_, app) =>
    Array.from({ length: 1 + pick(4) }, (_, at) => instance(`app${app}`, at + 1, null)),
  ).flat()
  return { pick, hosts, instances }
}

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed + 1)
const dataCentreOf = (hosts: readonly PlacementHost[], name: string | null) =>
  hosts.find((one) => one.name === name)?.dataCentre

test('where two data centres are ready and have room, no pair is in one', () => {
  for (const seed of SEEDS) {
    const { hosts, instances } = anyCluster(seed)
    const placed = Map.groupBy(after({ hosts, instances }), ({ group }) => group)
    for (const own of placed.values()) {
      const places = new Set(own.map((one) => dataCentreOf(hosts, one.host)))
      assert.ok(own.length < 2 || places.size >= 2, `seed ${seed}`)
    }
  }
})

test('what was carried out asks for nothing more', () => {
  for (const seed of SEEDS) {
    const { hosts, instances } = anyCluster(seed)
    const placed = after({ hosts, instances })
    assert.deepEqual(plan(hosts, placed), { moves: [], waiting: [] }, `seed ${seed}`)
  }
})

test('the loss of a host moves what was on it, and nothing else', () => {
  for (const seed of SEEDS) {
    const { pick, hosts, instances } = anyCluster(seed)
    const placed = after({ hosts, instances })
    const gone = hosts[pick(hosts.length)]?.name
    const left = hosts.map((one): PlacementHost => (one.name === gone ? { ...one, standing: 'lost' } : one))
    const moved = plan(left, placed).moves.map(({ key }) => key)
    const lost = placed.filter((one) => one.host === gone).map(({ key }) => key)
    assert.deepEqual([...moved].sort(), lost.sort(), `seed ${seed}`)
  }
})

test('balance comes to an end, never exceeds its budget, and takes no pair together', () => {
  for (const seed of SEEDS) {
    const { pick, hosts, instances } = anyCluster(seed)
    const away = hosts[pick(hosts.length)]?.name
    const without = hosts.map(
      (one): PlacementHost => (one.name === away ? { ...one, standing: 'lost' } : one),
    )
    let placed = after({ hosts: without, instances })
    let rounds = 0
    for (; rounds < 100; rounds += 1) {
      const { moves } = plan(hosts, placed, 2)
      if (moves.length === 0) break
      assert.ok(moves.length <= 2, `seed ${seed}`)
      placed = after({ hosts, instances: placed }, 2)
    }
    assert.ok(rounds < 100, `seed ${seed} goes on for ever`)
    for (const own of Map.groupBy(placed, ({ group }) => group).values())
      assert.ok(
        own.length < 2 || new Set(own.map((one) => dataCentreOf(hosts, one.host))).size >= 2,
        `seed ${seed}`,
      )
  }
})

test('levelling takes no more moves than the fullest hosts have above the mean', () => {
  for (const seed of SEEDS) {
    const pick = numbers(seed)
    const hosts = Array.from({ length: 2 + pick(6) }, (_, at) => host(`h${at}`, 'east'))
    const placed = Array.from({ length: 40 }, (_, at) =>
      instance(`app${at}`, 1, `h${pick(pick(hosts.length) + 1)}`),
    )
    const mean = Math.floor(placed.length / hosts.length)
    const above = hosts.map(({ name }) => placed.filter((one) => one.host === name).length - mean)
    const needed = above.reduce((sum, one) => sum + Math.max(0, one), 0)
    const { moves } = plan(hosts, placed, 1000)
    assert.ok(moves.length <= needed, `seed ${seed}: ${moves.length} moves, ${needed} needed`)
    const counts = hosts.map(
      ({ name }) => after({ hosts, instances: placed }, 1000).filter((one) => one.host === name).length,
    )
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `seed ${seed}: ${counts}`)
  }
})

test('the order in which hosts and instances are given does not matter', () => {
  for (const seed of SEEDS) {
    const { hosts, instances } = anyCluster(seed)
    assert.deepEqual(
      plan(hosts.toReversed(), instances.toReversed(), 3),
      plan(hosts, instances, 3),
      `seed ${seed}`,
    )
  }
})

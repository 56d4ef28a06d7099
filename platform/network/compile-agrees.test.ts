import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppName } from '#contract/ids.ts'
import {
  activePolicy,
  type NetworkGroup,
  type NetworkPolicy,
  type NetworkRule,
  parseEnd,
} from '#contract/network.ts'
import { isIpv6 } from '#contract/networks.ts'
import { ipv4Among, ipv4Span, ipv4Text } from '#runtime/kit/ipv4.ts'
import { isAmong } from './among.ts'
import { builtInRules } from './built-in-rules.ts'
import { nameSet, PIN_TURNS } from './classes.ts'
import { compileFilter } from './compile.ts'
import type { Filter } from './filter.ts'
import { type Connection, judge } from './judge.ts'
import {
  bridgesOf,
  goalOf,
  HOST_USERS,
  insideOf,
  membersOf,
  NEVER,
  NEVER_6,
  type NetworkFacts,
  PRIVATE,
} from './layout.ts'
import { answeringPacket, goingPacket, interpret } from './test-interpreter.ts'
import { ruleOf, TEST_FACTS } from './test-policy.ts'

/** Random, and the same every time: a failure can be looked at again. */
function makeRandom(seed: number) {
  let state = seed
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const one = <T>(all: readonly T[]): T => all[below(all.length)] as T
  return { below, one, chance: (percent: number) => below(100) < percent }
}
type Random = ReturnType<typeof makeRandom>

const NOW = new Date('2026-06-01T12:00:00Z')
const PORTS = [22, 25, 53, 80, 443, 2379, 2380, 5432, 7443, 7444, 7700, 7701, 8008, 8080, 8090, 65_535]
const FROM = ['app:shop', 'app:shop/web', 'app:blog', 'apps', 'builder', 'control', 'way', 'proxy']
const TO = [
  ...['internet', 'private', 'host', 'api.example.org', 'wrong.example.org', 'hosts', 'database', 'app:blog'],
]
const NETWORKS = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '198.51.100.0/24',
  '203.0.113.9',
  '10.89.0.0/16',
  '169.254.169.254',
]

const NETWORKS6 = ['::/0', '2001:db8:1::/48', '2001:db8:1::7', '2001:db8:2:5::/64', 'fe80::/10']
/** In those networks, at their ends, and beside them. */
const ADDRESSES6 = [
  ...NEVER_6,
  ...['::', '::1', '2001:db8:1::', '2001:db8:1::6', '2001:db8:1::7', '2001:db8:1::8'],
  ...['2001:db8:1:ffff:ffff:ffff:ffff:ffff', '2001:db8:2::', '2001:db8:0:ffff:ffff:ffff:ffff:ffff'],
  ...[
    '2001:db8:2:5::',
    '2001:db8:2:5:ffff:ffff:ffff:ffff',
    '2001:db8:2:6::',
    '2001:db8:2:4:ffff:ffff:ffff:ffff',
  ],
  ...[
    'fe80::1',
    'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    'fec0::',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ],
]

/** What the resolver has answered, as it stands in the kernel's sets: also what no name may lead to. */
const ANSWERED = new Map([
  ['api.example.org', ['203.0.113.9', '10.9.9.9']],
  ['wrong.example.org', ['10.89.0.10']],
])
const answeredAt = (name: string) => ANSWERED.get(name) ?? []

/** The filter after the resolver has answered. */
function compileAnswered(policy: NetworkPolicy, facts: NetworkFacts): Filter {
  const filter = compileFilter(activePolicy(policy, NOW), facts)
  const filled = [...ANSWERED].flatMap(([name, addresses]) =>
    PIN_TURNS.map((turn) => [nameSet(turn, name), addresses] as const),
  )
  return { ...filter, sets: new Map([...filter.sets, ...filled.filter(([set]) => filter.sets.has(set))]) }
}

function randomPolicy({ below, one, chance }: Random): NetworkPolicy {
  const ports = () => {
    const first = one(PORTS)
    return chance(30) ? [`${first}-${first + below(65_536 - first)}`] : [String(first), String(one(PORTS))]
  }
  const rules = Array.from({ length: below(12) }, (_, index): NetworkRule => {
    const inbound = chance(35)
    const from = inbound ? one([...NETWORKS, ...NETWORKS6]) : one(FROM)
    // No rule to an address of IPv6 can be made; one that stood all the same would lead nowhere.
    const to = inbound ? one(['host', 'agent', 'edge']) : one([...TO, ...NETWORKS, ...NETWORKS6])
    const until = chance(20) ? one(['2026-06-01T11:59:59.000Z', '2026-06-01T12:00:01.000Z']) : null
    return ruleOf(`rule-${index}`, from, to, ports(), { protocol: one(['tcp', 'udp']), until })
  })
  const lockDown = {
    since: '2026-06-01T11:00:00.000Z',
    by: 'ada',
    until: one([null, '2026-06-01T11:30:00.000Z']),
  }
  return { rules, lockDown: chance(60) ? lockDown : null }
}

function randomFacts({ below, one, chance }: Random): NetworkFacts {
  const hosts = ['192.0.2.1', '192.0.2.2', '10.7.0.3'].slice(0, below(4))
  return {
    ...TEST_FACTS,
    installation: {
      ...TEST_FACTS.installation,
      ports: one([
        { http: 80, https: 443 },
        { http: 8090, https: 8493 },
      ]),
    },
    hosts,
    own: hosts[0],
    shared: chance(50) ? [] : ['203.0.113.9', '10.7.0.200'],
    witness: chance(25),
    resolvers: [[], ['10.255.255.53'], ['8.8.8.8', '192.0.2.9']][below(3)] ?? [],
    ways: chance(50) ? [] : ['10.89.0.10', '10.89.0.12', '10.89.1.31'],
    apps: Array.from({ length: below(6) }, (_, index) => ({
      address: `10.89.${129 + below(120)}.${1 + index}`,
      app: AppName.parse(one(['shop', 'blog'])),
      process: one(['web', 'mailer', 'run']),
    })),
  }
}

/** Addresses that something turns on, their neighbours, and any. */
function randomAddress({ below, one, chance }: Random, facts: NetworkFacts): string {
  if (chance(10)) return ipv4Text(below(2 ** 32))
  const edges = [
    ...membersOf(facts).map(({ at }) => at),
    ...bridgesOf(facts).map(({ subnet }) => subnet),
    ...[...insideOf(facts), ...facts.resolvers, ...NETWORKS, ...PRIVATE, ...NEVER],
  ]
  const { first, last } = ipv4Span(one(edges))
  const number = one([first, last, first + below(last - first + 1), first - 1, last + 1])
  return ipv4Text(Math.min(2 ** 32 - 1, Math.max(0, number)))
}

/** Mostly one that could be: it comes from somebody's place and leaves where its goal is. */
function randomConnection(random: Random, facts: NetworkFacts, mostly = 80): Connection {
  const { one, chance } = random
  const bridges = bridgesOf(facts)
  const interfaces = [...bridges.map(({ bridge }) => bridge), 'eth0', 'docker0', 'lo']
  const member = one(membersOf(facts))
  const sure = chance(mostly)
  if (chance(15)) return randomOverIpv6(random, interfaces)
  const to = randomAddress(random, facts)
  const there = bridges.find(({ subnet }) => ipv4Among(to, [subnet]))?.bridge ?? 'eth0'
  const comesBy = chance(25) ? null : sure ? member.bridge : one(interfaces)
  const inside = comesBy !== null && sure
  return {
    from: inside ? ipv4Text(ipv4Span(member.at).first + random.below(2)) : randomAddress(random, facts),
    to,
    protocol: one(['tcp', 'tcp', 'tcp', 'udp', 'icmp']),
    port: one(PORTS),
    comesBy,
    leavesBy: comesBy !== null && chance(25) ? null : sure ? there : one(interfaces.slice(0, -1)),
    ...(comesBy === null && { user: one([0, 1000, 10_003, 10_004, 10_008]) }),
  }
}

/** Mostly to a host that is on no bridge: there its own doors are. */
function randomOverIpv6({ below, one, chance }: Random, interfaces: readonly string[]): Connection {
  const outside = chance(70)
  const comesBy = chance(25) ? null : outside ? 'eth0' : one(interfaces)
  return {
    from: one(ADDRESSES6),
    to: one(ADDRESSES6),
    protocol: one(['tcp', 'tcp', 'tcp', 'udp', 'icmp']),
    port: chance(10) ? 68 : one(PORTS),
    comesBy,
    leavesBy: comesBy !== null && chance(80) ? null : outside ? 'eth0' : one(interfaces.slice(0, -1)),
    ...(comesBy === null && { user: one([0, 1000, 10_003, 10_000 + below(9)]) }),
  }
}

const isOfIpv6 = (text: string) => {
  const end = parseEnd(text)
  return end?.kind === 'network' && end.v === '6'
}

/** One that a rule, whether it stands or not, speaks of. */
function aimedConnection(random: Random, policy: NetworkPolicy, facts: NetworkFacts): Connection {
  const { one, chance } = random
  const over6 = policy.rules.filter(({ from }) => isOfIpv6(from))
  const all = [...builtInRules(facts.installation), ...policy.rules]
  const rule = one(over6.length > 0 && chance(30) ? over6 : all)
  const { known, outside, local, localAt = [] } = goalOf(rule.to, facts)
  const { protocol } = rule
  const port = Number(one(rule.ports).split('-')[0])
  if (isOfIpv6(rule.from))
    return {
      from: one(ADDRESSES6.filter((address) => isAmong(address, [rule.from]))),
      ...{ to: one(ADDRESSES6), protocol, port, comesBy: 'eth0', leavesBy: null },
    }
  const named = answeredAt(rule.to)
  const goals = [
    ...localAt,
    ...known,
    ...outside,
    ...named,
    ...(rule.to === 'internet' ? ['203.0.113.0/24'] : []),
  ]
  const to = goals.length === 0 ? '192.0.2.2' : ipv4Text(ipv4Span(one(goals)).first)
  const source = one(membersOf(facts).filter(({ groups }) => groups.includes(rule.from)))
  const user = HOST_USERS[rule.from as NetworkGroup]
  const there = bridgesOf(facts).find(({ subnet }) => ipv4Among(to, [subnet]))?.bridge ?? 'eth0'
  const outsider = rule.from === 'hosts' ? one(facts.hosts) : rule.from
  return {
    from: ipv4Text(ipv4Span(source?.at ?? (/^\d/.test(outsider ?? '') ? outsider : '192.0.2.1') ?? '').first),
    to,
    protocol,
    port,
    comesBy: user !== undefined ? null : (source?.bridge ?? 'eth0'),
    leavesBy: local && user === undefined ? null : there,
    ...(user !== undefined && { user }),
  }
}

test('the compiled filter and the plain reading of every rule agree about random packets', () => {
  const seen = { allowed: 0, refused: 0, left: 0 }
  const seen6 = { ...seen }
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = makeRandom(seed)
    const [policy, facts] = [randomPolicy(random), randomFacts(random)]
    const filter = compileAnswered(policy, facts)
    for (let count = 0; count < 250; count += 1) {
      const aimed = random.chance(40)
      const connection = aimed ? aimedConnection(random, policy, facts) : randomConnection(random, facts)
      const { verdict } = judge(policy, facts, connection, NOW, ANSWERED)
      seen[verdict] += 1
      if (isIpv6(connection.from)) seen6[verdict] += 1
      const found = interpret(filter, goingPacket(connection, 'new'))
      const told = () => JSON.stringify({ seed, connection, verdict, policy, facts }, null, 1)
      assert.equal(found, verdict === 'refused' ? 'drop' : 'accept', told())
    }
  }
  assert.ok(
    Object.values(seen).every((count) => count > 1000),
    JSON.stringify(seen),
  )
  assert.ok(
    Object.values(seen6).every((count) => count > 100),
    JSON.stringify(seen6),
  )
})

test('every packet of a connection is judged like its first one, both ways', () => {
  let refused = 0
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = makeRandom(seed)
    const [policy, facts] = [randomPolicy(random), randomFacts(random)]
    const filter = compileAnswered(policy, facts)
    for (let count = 0; count < 200; count += 1) {
      const aimed = random.chance(40)
      const connection = aimed ? aimedConnection(random, policy, facts) : randomConnection(random, facts, 100)
      // What a program of the host has opened is judged by its user when it begins.
      if (connection.comesBy === null) continue
      const first = interpret(filter, goingPacket(connection, 'new'))
      const told = () => JSON.stringify({ seed, connection, first }, null, 1)
      assert.equal(interpret(filter, goingPacket(connection, 'established')), first, told())
      const answer = interpret(filter, answeringPacket(connection))
      // A forged source is seen where it comes in; its answers would be those of the address that was forged.
      if (first === 'accept' && isJudged(facts, connection)) assert.equal(answer, 'accept', told())
      if (first === 'drop' && !isForged(facts, connection) && isJudged(facts, connection)) {
        refused += 1
        assert.equal(answer, 'drop', told())
      }
    }
  }
  assert.ok(refused > 1000, String(refused))
})

const bridgeOf = (facts: NetworkFacts, name: string | null) =>
  bridgesOf(facts).find(({ bridge }) => bridge === name)

const isJudged = (facts: NetworkFacts, { comesBy }: Connection) => bridgeOf(facts, comesBy) !== undefined

function isForged(facts: NetworkFacts, { comesBy, from }: Connection): boolean {
  const span = ipv4Span(bridgeOf(facts, comesBy)?.subnet ?? '0.0.0.0/0')
  const { first } = ipv4Span(from)
  return first < span.first || first > span.last
}

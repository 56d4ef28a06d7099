import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostStacks } from '#contract/host-stacks.ts'
import type { HostName } from '#contract/ids.ts'
import { assertGolden } from '#tests/golden.ts'
import { judgeAge } from './evidence.ts'
import type { Told } from './host-stacks.ts'
import { judgeStandings, planRoll, renderRoll, type Standing, viewStacks } from './plan.ts'

const image = (digit: string) => `sha256:${digit.repeat(64)}`
const OLD = image('a')
const NEW = image('b')
const MADE = '2026-11-20T10:00:00.000Z'
const stacks: HostStacks = {
  newest: [
    { nodeMajor: 20, usual: false, image: null, madeAt: MADE },
    { nodeMajor: 22, usual: false, image: image('c'), madeAt: MADE },
    { nodeMajor: 26, usual: true, image: NEW, madeAt: MADE },
  ],
  known: [
    { image: OLD, madeAt: '2026-10-01T10:00:00.000Z' },
    { image: NEW, madeAt: MADE },
  ],
  behind: [],
}
const node = (nodeMajor: number) => ({ kind: 'node', nodeMajor, manager: 'npm', buildScript: false }) as const
const standing = (
  app: string,
  recipe: Standing['recipe'],
  stack: string | null,
  release = 3,
  builtOn = 'h1',
) => ({ appId: `app_${app}`, app, release, recipe, stack, builtOn }) as never
const H1 = 'h1' as HostName
const H2 = 'h2' as HostName
/** The second host has not been renewed; the third is silent, and the fourth is gone. */
const second: HostStacks = {
  ...stacks,
  newest: stacks.newest.map((one) => ({ ...one, image: one.image && OLD })),
}
const all = {
  hosts: new Map([
    [H1, stacks],
    [H2, second],
  ]),
  of: (host: string): Told => all.hosts.get(host as HostName) ?? (host === 'h3' ? 'silent' : 'gone'),
}
const judged = (own: Pick<HostStacks, 'newest' | 'behind'>) => ({ own, of: () => own })
const apps: Parameters<typeof judgeAge>[0] = [
  standing('zebra', node(26), OLD),
  standing('shop', node(26), NEW, 7),
  standing('site', { kind: 'static' }, OLD, 1),
  standing('older', node(20), image('d')),
  standing('gone', node(18), image('e')),
  standing('own', { kind: 'dockerfile' }, null),
]
const elsewhere: Parameters<typeof judgeAge>[0] = [
  standing('there', node(26), OLD, 2, 'h2'),
  standing('moved', node(26), NEW, 2, 'h2'),
  standing('quiet', node(26), OLD, 2, 'h3'),
  standing('quiet-site', { kind: 'static' }, OLD, 2, 'h3'),
  standing('lost', node(26), OLD, 2, 'h4'),
]

test('who stands on what, and who is behind', () => {
  const lines = judgeStandings([...apps, ...elsewhere], all).map(
    (one) =>
      `${one.app} v${one.release}: ${one.stack ?? 'no stack of ours'}, made ${one.madeAt ?? 'unknown'}, newest ${one.newest ?? 'none'}: ${one.state}${one.detail && ` (${one.detail})`}`,
  )
  const roll = renderRoll(planRoll([...apps, ...elsewhere], all))
  assertGolden(import.meta.dirname, 'roll.txt', `${lines.join('\n')}\n\n${roll}\n`)
})

test('a stack that no app has asked for yet is not shown', () =>
  assert.deepEqual(
    viewStacks({ hosts: new Map([[H1, stacks]]) }).map(({ name }) => name),
    ['node22-cccccccccccc', 'node26-bbbbbbbbbbbb'],
  ))

test('a stack that is the newest on several hosts is shown once, with them', () => {
  const hosts = new Map([
    [H1, stacks],
    [H2, { ...stacks, newest: stacks.newest.filter(({ usual }) => usual) }],
  ])
  assert.deepEqual(
    viewStacks({ hosts }).map(({ name, hosts }) => `${name}: ${hosts}`),
    ['node22-cccccccccccc: h1', 'node26-bbbbbbbbbbbb: h1,h2'],
  )
})

test('each app is judged by the host on which it was built', () => {
  const [there, moved] = [elsewhere.slice(0, 1), elsewhere.slice(1, 2)]
  const byHost = { own: stacks, of: (host: HostName) => all.hosts.get(host) ?? stacks }
  assert.equal(judgeAge(there, byHost, hoursAfter(25)).passed, true)
  assert.equal(judgeAge(moved, byHost, hoursAfter(25)).passed, false)
  // What was built on a host that is gone stays where it is for ever: no newer stack here makes up for it.
  const lost = { own: stacks, of: () => 'gone' as const }
  assert.equal(judgeAge(apps.slice(1, 2), lost, hoursAfter(0)).passed, false)
})

test('where the host knows no newest stack, nobody is called behind', () =>
  assert.deepEqual(planRoll(apps, { of: () => ({ ...stacks, newest: [] }) }), []))

const hoursAfter = (hours: number) => new Date(Date.parse(MADE) + hours * 3_600_000)

test('an older stack is in order for as long as the set age, and not an hour longer', () => {
  assert.equal(judgeAge(apps, judged(stacks), hoursAfter(23)).passed, true)
  const late = judgeAge(apps, judged(stacks), hoursAfter(25))
  assert.equal(late.passed, false)
  assert.match(late.summary, /^4 of 5 apps stand on an older stack/)
})

test('what the layers of running instances say counts as much as what is written', () => {
  const current = apps.slice(1, 2)
  assert.equal(judgeAge(current, judged(stacks), hoursAfter(25)).passed, true)
  const found = judgeAge(current, judged({ ...stacks, behind: ['app_shop' as never] }), hoursAfter(25))
  assert.equal(found.passed, false)
})

test('a host that does not say which stack is the newest proves nothing', () =>
  assert.equal(judgeAge([], judged({ newest: [], behind: [] }), hoursAfter(0)).passed, false))

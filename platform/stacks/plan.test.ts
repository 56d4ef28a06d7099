import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostStacks } from '#contract/host-stacks.ts'
import { assertGolden } from '#tests/golden.ts'
import { judgeAge } from './evidence.ts'
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
const standing = (app: string, recipe: Standing['recipe'], stack: string | null, release = 3) =>
  ({ appId: `app_${app}`, app, release, recipe, stack }) as never
const apps: Parameters<typeof judgeAge>[0] = [
  standing('zebra', node(26), OLD),
  standing('shop', node(26), NEW, 7),
  standing('site', { kind: 'static' }, OLD, 1),
  standing('older', node(20), image('d')),
  standing('gone', node(18), image('e')),
  standing('own', { kind: 'dockerfile' }, null),
]

test('who stands on what, and who is behind', () => {
  const lines = judgeStandings(apps, stacks).map(
    (one) =>
      `${one.app} v${one.release}: ${one.stack ?? 'no stack of ours'}, made ${one.madeAt ?? 'unknown'}, newest ${one.newest ?? 'none'}: ${one.state}${one.detail && ` (${one.detail})`}`,
  )
  const roll = renderRoll(planRoll(apps, stacks))
  assertGolden(import.meta.dirname, 'roll.txt', `${lines.join('\n')}\n\n${roll}\n`)
})

test('a stack that no app has asked for yet is not shown', () =>
  assert.deepEqual(
    viewStacks(stacks).map(({ name }) => name),
    ['node22-cccccccccccc', 'node26-bbbbbbbbbbbb'],
  ))

test('where the host knows no newest stack, nobody is called behind', () =>
  assert.deepEqual(planRoll(apps, { newest: [] }), []))

const hoursAfter = (hours: number) => new Date(Date.parse(MADE) + hours * 3_600_000)

test('an older stack is in order for as long as the set age, and not an hour longer', () => {
  assert.equal(judgeAge(apps, stacks, hoursAfter(23)).passed, true)
  const late = judgeAge(apps, stacks, hoursAfter(25))
  assert.equal(late.passed, false)
  assert.match(late.summary, /^4 of 5 apps stand on an older stack/)
})

test('what the layers of running instances say counts as much as what is written', () => {
  const current = apps.slice(1, 2)
  assert.equal(judgeAge(current, stacks, hoursAfter(25)).passed, true)
  const found = judgeAge(current, { ...stacks, behind: ['app_shop' as never] }, hoursAfter(25))
  assert.equal(found.passed, false)
})

test('a host that does not say which stack is the newest proves nothing', () =>
  assert.equal(judgeAge([], { newest: [], behind: [] }, hoursAfter(0)).passed, false))

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostFigures } from '#contract/agent.ts'
import { planSample, rollUpFrom, stepOf } from './plan.ts'

const SHOP = 'app_shop0000'
const at = (second: number) => new Date(Date.parse('2026-01-01T10:00:00.000Z') + second * 1000).toISOString()

const app = (answers: number, more: object = {}) => ({
  appId: SHOP,
  answers,
  clientErrors: 0,
  serverErrors: 0,
  timed: answers,
  tenthsMs: answers * 25,
  ...more,
})
const instance = (life: string, cpuUs: number, more: object = {}) => ({
  appId: SHOP,
  process: 'web',
  index: 1,
  release: 1,
  epoch: 0,
  life,
  cpuUs,
  memoryBytes: 1000,
  ...more,
})
const figures = (
  second: number,
  traffic: Readonly<Record<string, ReturnType<typeof app>>> | null,
  instances: ReadonlyArray<ReturnType<typeof instance>> = [],
) =>
  HostFigures.parse({
    at: at(second),
    traffic:
      traffic === null ? null : Object.entries(traffic).map(([worker, one]) => ({ worker, apps: [one] })),
    instances,
  })

/** Readings one after the other; gives what each said. */
function readings(...all: ReturnType<typeof figures>[]) {
  let known: Parameters<typeof planSample>[0]
  return all.map((one) => {
    const plan = planSample(known, one)
    known = plan.known
    return plan
  })
}
const answersOf = (plan: ReturnType<typeof planSample> | undefined) =>
  plan?.traffic.map(({ answers }) => answers)

test('a reading belongs to the step that it ends', () => {
  assert.equal(stepOf(new Date(at(10.02))).toISOString(), at(0))
  assert.equal(stepOf(new Date(at(9.98))).toISOString(), at(0))
  assert.equal(stepOf(new Date(at(20))).toISOString(), at(10))
})

test('the first reading is only something to compare with', () => {
  const [first, second] = readings(figures(0, { a: app(1000) }), figures(10, { a: app(1003) }))
  assert.deepEqual(first?.traffic, [])
  assert.deepEqual(second?.traffic, [
    { appId: SHOP, answers: 3, clientErrors: 0, serverErrors: 0, timed: 3, waitMs: 7.5 },
  ])
})

test('an app without requests is zero while its host reports', () => {
  const [, second] = readings(figures(0, { a: app(5) }), figures(10, { a: app(5) }))
  assert.deepEqual(answersOf(second), [0])
})

test('a reload counts what both processes did, and the old one only once', () => {
  const [, second, third, fourth] = readings(
    figures(0, { a: app(100) }),
    figures(10, { b: app(4), a: app(107) }),
    figures(20, { b: app(6), a: app(107) }),
    figures(30, { b: app(6) }),
  )
  assert.deepEqual([answersOf(second), answersOf(third), answersOf(fourth)], [[11], [2], [0]])
})

test('a restarted edge begins at zero and nothing becomes negative', () => {
  const [, second] = readings(figures(0, { a: app(100) }), figures(10, { b: app(3) }))
  assert.deepEqual(answersOf(second), [3])
})

test('readings that nobody got are made good by the next one; the steps between stay absent', () => {
  const [, second] = readings(figures(0, { a: app(1) }), figures(60, { a: app(21) }))
  assert.deepEqual(answersOf(second), [20])
  assert.equal(second?.step.toISOString(), at(50))
})

test('what was counted over more than five minutes is put nowhere, and counting goes on from there', () => {
  const [, second, third] = readings(
    figures(0, { a: app(1) }),
    figures(301, { a: app(900) }),
    figures(310, { a: app(901) }),
  )
  assert.deepEqual([answersOf(second), answersOf(third)], [[], [1]])
})

test('an edge that does not answer leaves its apps out, and the next answer has it all', () => {
  const [, second, third] = readings(figures(0, { a: app(1) }), figures(10, null), figures(20, { a: app(4) }))
  assert.deepEqual([answersOf(second), answersOf(third)], [[], [3]])
})

test('counters of 32 bits run over; one that was set to zero has counted what it shows', () => {
  const near = 2 ** 32 - 10
  const [, over] = readings(
    figures(0, { a: app(1, { timed: near, tenthsMs: near }) }),
    figures(10, { a: app(2, { timed: 5, tenthsMs: 90 }) }),
  )
  assert.deepEqual([over?.traffic[0]?.timed, over?.traffic[0]?.waitMs], [15, 10])
  const [, cleared] = readings(
    figures(0, { a: app(1, { timed: 50 }) }),
    figures(10, { a: app(2, { timed: 5 }) }),
  )
  assert.equal(cleared?.traffic[0]?.timed, 5)
})

test('processor time counts per life of a container; a new one is first seen, then counted', () => {
  const [, second, third] = readings(
    figures(0, {}, [instance('c1', 1_000_000)]),
    figures(10, {}, [instance('c1', 6_000_000)]),
    figures(20, {}, [instance('c2', 400_000)]),
  )
  assert.deepEqual(second?.usage, [
    { appId: SHOP, process: 'web', index: 1, memoryBytes: 1000, cpuMs: 5000, spanMs: 10_000 },
  ])
  assert.deepEqual(third?.usage, [])
})

test('while a release replaces another, the newer instance of a name is shown', () => {
  const old = [instance('old', 0), instance('old', 1_000_000)]
  const fresh = [instance('new', 0, { release: 2 }), instance('new', 3_000_000, { release: 2 })]
  const [, second] = readings(
    figures(
      0,
      {},
      [old[0], fresh[0]].filter((one) => one !== undefined),
    ),
    figures(
      10,
      {},
      [fresh[1], old[1]].filter((one) => one !== undefined),
    ),
  )
  assert.deepEqual(
    second?.usage.map(({ cpuMs }) => cpuMs),
    [3000],
  )
})

test('longer steps are summed again from the one before the newest', () => {
  assert.equal(rollUpFrom(new Date(at(600)), 300).toISOString(), at(300))
  assert.equal(rollUpFrom(undefined, 300).getTime(), 0)
})

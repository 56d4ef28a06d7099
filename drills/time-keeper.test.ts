import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeTimeKeeper } from './time-keeper.ts'

const labelsOf = (keeper: ReturnType<typeof makeTimeKeeper>) =>
  keeper.timeLine()?.marks.map(({ label, atS }) => `${label} ${atS}`)

test('time counts from the fault that was marked, in the order of the moments', () => {
  const keeper = makeTimeKeeper()
  const atMs = performance.now()
  keeper.mark('heal', { at: atMs + 6200 })
  keeper.mark('fault', { at: atMs })
  keeper.mark('detection', { at: atMs + 420, source: 'a log' })
  assert.deepEqual(labelsOf(keeper), ['fault 0', 'detection 0.42', 'heal 6.2'])
  assert.equal(keeper.timeLine()?.marks[1]?.source, 'a log')
  const behindMs = Math.abs(Date.parse(keeper.timeLine()?.faultAt ?? '') - Date.now())
  assert.ok(behindMs < 10_000, `${behindMs} ms`)
})

test('a moment from the wall clock stands where it was by the steady one', () => {
  const keeper = makeTimeKeeper()
  keeper.mark('fault', { at: performance.now() - 5000 })
  keeper.mark('decision', { at: new Date(Date.now() - 4000) })
  const atS = keeper.timeLine()?.marks[1]?.atS ?? 0
  assert.ok(Math.abs(atS - 1) < 0.2, `${atS}`)
})

test('without a marked fault it counts from the beginning of that stage, and before it there is no time line', () => {
  const keeper = makeTimeKeeper()
  keeper.begin('set-up')()
  assert.equal(keeper.timeLine(), undefined)
  const end = keeper.begin('fault')
  keeper.mark('first success')
  end()
  const { stages, marks } = keeper.timeLine() ?? assert.fail('no time line')
  assert.deepEqual(
    stages.map(({ name }) => name),
    ['set-up', 'fault'],
  )
  assert.equal(stages[1]?.fromS, 0)
  assert.ok((marks[0]?.atS ?? -1) >= 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOf, NOBODY, type Pair, picked } from './pair.ts'

const after = (names: readonly string[], about?: string) =>
  names.reduce<Pair>((pair, name) => picked(pair, name, about), NOBODY)

test('the first asks, the second is asked, a third begins anew', () => {
  assert.deepEqual(after(['apps']), { from: 'apps', to: '' })
  assert.deepEqual(after(['apps', 'proxy']), { from: 'apps', to: 'proxy' })
  assert.deepEqual(after(['apps', 'proxy', 'edge']), { from: 'edge', to: '' })
})

test('who is picked again is let go', () => {
  assert.deepEqual(after(['apps', 'apps']), NOBODY)
  assert.deepEqual(after(['apps', 'proxy', 'proxy']), { from: 'apps', to: '' })
})

test('on the part of an app it is always the app that asks', () => {
  assert.deepEqual(after(['proxy', 'edge'], 'app:shop'), { from: 'app:shop', to: 'edge' })
  assert.deepEqual(after(['proxy', 'app:shop'], 'app:shop'), { from: 'app:shop', to: '' })
})

test('one alone is about all that leads from and to him, two are about what leads from the first to the second', () => {
  const flow = { from: 'apps', to: 'proxy' }
  assert.deepEqual(
    [
      { from: 'proxy', to: '' },
      { from: 'apps', to: 'proxy' },
      { from: 'proxy', to: 'apps' },
    ].map((pair) => isOf(pair, flow)),
    [true, true, false],
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oversizedFiles, oversizedFunctions } from './sizes.ts'
import { loadSources, parseSource } from './source-tree.ts'

const sources = loadSources()

test('no file is longer than its limit', (t) => {
  const { over, warnings } = oversizedFiles(sources)
  if (warnings.length > 0) t.diagnostic(`Cut when next touched: ${warnings.slice(0, 5).join(', ')} …`)
  assert.deepEqual(over, [])
})

test('no function is longer than its limit', () => {
  assert.deepEqual(oversizedFunctions(sources), [])
})

test('a long function is found, and the functions inside it do not hide it', () => {
  const body = Array.from({ length: 70 }, (_, line) => `  call(() => ${line})`).join('\n')
  assert.deepEqual(
    oversizedFunctions([parseSource('runtime/x.ts', `export function long() {\n${body}\n}`)]),
    ['runtime/x.ts:1 long has 72 lines (limit 60)'],
  )
})

test('a long file is found', () => {
  const { over } = oversizedFiles([parseSource('runtime/x.ts', 'a()\n'.repeat(301))])
  assert.deepEqual(over, ['runtime/x.ts has 301 lines (limit 300)'])
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from './source-tree.ts'
import { testFiles } from './test-files.ts'

test('no unit test file has a hook around each test: they share a process, so it would run around the tests of all files', () => {
  const files = testFiles('unit', '')
  assert.ok(files.length > 100)
  const around = files.filter((file) =>
    /^(?:beforeEach|afterEach)\(/m.test(readFileSync(join(ROOT, file), 'utf8')),
  )
  assert.deepEqual(around, [])
})

test('test files that have a network of their own have another range of addresses each: two run at a time', () => {
  const RANGE = /(?:makeTest(?:Host|Agent|Builder)\(|subnet: ['`]10\.)(\d{3})\b/g
  const ranges = testFiles('system', '')
    .filter((file) => !file.startsWith('tests/'))
    .flatMap((file) => {
      const text = readFileSync(join(ROOT, file), 'utf8')
      return [...new Set([...text.matchAll(RANGE)].map(([, range]) => range))].map((range) => ({
        file,
        range,
      }))
    })
  assert.ok(ranges.length > 15)
  const shared = [...Map.groupBy(ranges, ({ range }) => range).values()].filter(({ length }) => length > 1)
  assert.deepEqual(shared, [])
})

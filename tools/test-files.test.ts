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

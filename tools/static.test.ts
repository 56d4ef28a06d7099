import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { staleDocuments } from './generate.ts'
import { ROOT } from './source-tree.ts'

/** Runs one of the packages' programs; what it printed is in the failure. */
function assertPasses(argv: readonly string[]) {
  const done = spawnSync(process.execPath, argv, { cwd: ROOT, encoding: 'utf8' })
  assert.equal(done.status, 0, `${done.stdout}${done.stderr}`)
}

test('the code is formatted and free of lint', () => {
  assertPasses(['node_modules/@biomejs/biome/bin/biome', 'check', '--colors=off', '.'])
})

test('the types agree', () => {
  assertPasses(['node_modules/typescript/bin/tsc', '--noEmit'])
  assertPasses(['node_modules/typescript/bin/tsc', '--project', 'console'])
})

test('the generated documents are fresh (`npm run generate` renews them)', async () => {
  assert.deepEqual(await staleDocuments(), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokenImports, capabilityCycle, IMPORT_RULES } from './boundaries.ts'
import { loadSources, parseSource } from './source-tree.ts'

const sources = loadSources()

test('no file crosses a boundary', () => {
  assert.deepEqual(brokenImports(sources), [])
})

test('capabilities form no cycle', () => {
  assert.equal(capabilityCycle(sources), undefined)
})

/** For each rule, a file that breaks it: a rule that can't fail protects nothing. */
const OFFENDERS: Readonly<Record<string, readonly [path: string, text: string]>> = {
  'contract imports zod only': ['contract/x.ts', `import { join } from 'node:path'`],
  'kit stays pure': ['runtime/kit/x.ts', `import { connect } from 'node:net'`],
  'plans are pure': ['platform/apps/plan.ts', `import { readFileSync } from 'node:fs'`],
  'commands know the contract, not the server': [
    'platform/apps/commands.ts',
    `import { x } from '#runtime/server/compose.ts'`,
  ],
  'only drivers reach outside': ['platform/apps/deploy.ts', `import { spawn } from 'node:child_process'`],
  'only the server makes database connections': ['platform/apps/deploy.ts', `import { Pool } from 'pg'`],
  'only stores query': ['platform/apps/deploy.ts', `import { sql } from 'kysely'`],
  'capabilities meet at index.ts': ['platform/apps/deploy.ts', `import { x } from '#platform/data/store.ts'`],
  'crossings are written with #': ['platform/apps/deploy.ts', `import { x } from '../data/index.ts'`],
  'the console knows the contract, not the server': [
    'console/apps/apps-page.tsx',
    `import { x } from '#runtime/server/compose.ts'`,
  ],
  'drivers and kit know no capability': [
    'runtime/drivers/x.ts',
    `const x = await import('#platform/data/index.ts')`,
  ],
  'the server knows capabilities only where it is composed': [
    'runtime/server/x.ts',
    `export { x } from '#platform/data/index.ts'`,
  ],
}

for (const rule of IMPORT_RULES)
  test(`the rule "${rule.name}" catches an offender`, () => {
    const [path, text] = OFFENDERS[rule.name] ?? assert.fail('no offender is written for this rule')
    const found = brokenImports([parseSource(path, text)])
    assert.ok(
      found.some((line) => line.includes(rule.name)),
      found.join('\n'),
    )
  })

test('a cycle between capabilities is found and shown', () => {
  const files = [
    parseSource('platform/apps/a.ts', `import type { B } from '#platform/data/index.ts'`),
    parseSource('platform/data/b.ts', `import { a } from '#platform/apps/index.ts'`),
  ]
  assert.equal(capabilityCycle(files), 'apps → data → apps')
})

test('type imports, re-exports and lazy imports are told apart', () => {
  const { imports } = parseSource(
    'platform/apps/a.ts',
    `import type { A } from './a.ts'\nimport { type B, b } from 'zod'\nexport { c } from '#contract/ids.ts'\nawait import('@x/y/z')`,
  )
  assert.deepEqual(
    imports.map(({ target, typeOnly, lazy, line }) => ({ target, typeOnly, lazy, line })),
    [
      { target: 'platform/apps/a.ts', typeOnly: true, lazy: false, line: 1 },
      { target: 'zod', typeOnly: false, lazy: false, line: 2 },
      { target: 'contract/ids.ts', typeOnly: false, lazy: false, line: 3 },
      { target: '@x/y', typeOnly: false, lazy: true, line: 4 },
    ],
  )
})

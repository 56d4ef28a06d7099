import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unsafeCode } from './safety.ts'
import { loadSources, parseSource } from './source-tree.ts'

test('no text reaches a shell, no text is evaluated, and no configuration is hidden in the environment', () => {
  assert.deepEqual(unsafeCode(loadSources()), [])
})

const CASES: ReadonlyArray<readonly [name: string, text: string, caught: boolean]> = [
  ['exec', `import { exec } from 'node:child_process'\nexec('ls ' + x)`, true],
  ['execSync', `import { execSync } from 'node:child_process'\nexecSync('ls')`, true],
  ['shell: true', `import { spawn } from 'node:child_process'\nspawn('ls', [], { shell: true })`, true],
  ['shell: false', `import { spawn } from 'node:child_process'\nspawn('ls', [], { shell: false })`, false],
  ['a pattern exec', `const found = /a/.exec(text)`, false],
  ['eval', `eval(text)`, true],
  ['new Function', `new Function(text)`, true],
  ['process.env', `const x = process.env.HOME`, true],
  ['process.exit', `process.exit(1)`, false],
]

for (const [name, text, caught] of CASES)
  test(`${name} is ${caught ? 'caught' : 'allowed'}`, () => {
    assert.equal(unsafeCode([parseSource('platform/apps/x.ts', text)]).length, caught ? 1 : 0)
  })

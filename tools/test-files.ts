import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { ROOT } from './source-tree.ts'

const ALL = '{bench,bin,console,contract,drills,images,lab,platform,runtime,tests,tools}/**/*.test.ts'

/** Unit tests need this program only; system tests an installation; machine tests boot a machine. */
export type TestKind = 'unit' | 'system' | 'machine'

const kindOf = (path: string): TestKind =>
  path.endsWith('.system.test.ts') ? 'system' : path.endsWith('.machine.test.ts') ? 'machine' : 'unit'

/** Test files, sorted; with a pattern only those whose path contains it. */
export function testFiles(kind: TestKind, pattern = ''): string[] {
  return globSync(ALL, { cwd: ROOT })
    .filter((path) => !path.includes('node_modules'))
    .filter((path) => kindOf(path) === kind)
    .filter((path) => path.includes(pattern))
    .sort()
}

/** Runs the unit tests in the terminal; resolves with the runner's exit code. */
export function runUnitTests(pattern = ''): Promise<number> {
  const files = testFiles('unit', pattern)
  if (files.length === 0) {
    console.error(`No unit test file has "${pattern}" in its path.`)
    return Promise.resolve(2)
  }
  const child = spawn(process.execPath, ['--test', ...files], { cwd: ROOT, stdio: 'inherit' })
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)))
}

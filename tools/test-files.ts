import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { holdSummary } from './held-summary.ts'
import { ROOT } from './source-tree.ts'

const ALL = '{bench,bin,console,contract,drills,images,lab,platform,runtime,tests,tools}/**/*.test.ts'

/**
 * Unit tests need this program only; system tests an installation; long tests as well, for many minutes; machine tests boot a
 * machine.
 */
export const TEST_KINDS = ['unit', 'system', 'long', 'machine'] as const
export type TestKind = (typeof TEST_KINDS)[number]

const kindOf = (path: string): TestKind =>
  TEST_KINDS.find((kind) => path.endsWith(`.${kind}.test.ts`)) ?? 'unit'

/** Test files, sorted; with a pattern only those whose path contains it. */
export function testFiles(kind: TestKind, pattern = ''): string[] {
  return globSync(ALL, { cwd: ROOT })
    .filter((path) => !path.includes('node_modules'))
    .filter((path) => kindOf(path) === kind)
    .filter((path) => path.includes(pattern))
    .sort()
}

/** How a run ended: the runner's exit code, and its summary. */
export interface UnitRun {
  readonly exitCode: number
  readonly summary: string
}

/** Runs the unit tests in the terminal. */
export async function runUnitTests(pattern = ''): Promise<UnitRun> {
  const files = testFiles('unit', pattern)
  if (files.length === 0) {
    console.error(`No unit test file has "${pattern}" in its path.`)
    return { exitCode: 2, summary: '' }
  }
  const child = spawn(process.execPath, ['--test', '--test-reporter=spec', ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const held = holdSummary((line) => console.log(line))
  child.stdout.setEncoding('utf8').on('data', held.add)
  const exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)))
  return { exitCode, summary: held.end() }
}

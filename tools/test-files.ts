import { type ChildProcess, spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { addSummaries, holdSummary } from './held-summary.ts'
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
export interface TestRun {
  readonly exitCode: number
  readonly summary: string
}

/** Runs the unit tests in the terminal. */
export async function runUnitTests(pattern = ''): Promise<TestRun> {
  const files = testFiles('unit', pattern)
  if (files.length === 0) {
    console.error(`No unit test file has "${pattern}" in its path.`)
    return { exitCode: 2, summary: '' }
  }
  // A process for each file would take six times the work: what they load is loaded once. Those of the tools wait for other programs.
  const rows = Object.values(Object.groupBy(files, (file) => (file.startsWith('tools/') ? 'tools' : 'rest')))
  const runs = await Promise.all(rows.map((row) => runFiles(row, { argv: ['--test-isolation=none'] })))
  return {
    exitCode: runs.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0,
    summary: runs.map(({ summary }) => summary).reduce(addSummaries),
  }
}

export interface RunOptions {
  /** Options of the runner. */
  readonly argv?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/** Runs test files in the terminal; the runner's summary is held back. What Node compiles for one file is kept for the next. */
export async function runFiles(files: readonly string[], options: RunOptions = {}): Promise<TestRun> {
  const { argv = [], env = {}, signal } = options
  const child = spawn(process.execPath, ['--test', '--test-reporter=spec', ...argv, ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/tests'), ...process.env, ...env },
  })
  const held = holdSummary((line) => console.log(line))
  child.stdout.setEncoding('utf8').on('data', held.add)
  const exitCode = await ended(child, signal)
  return { exitCode, summary: held.end() }
}

/** Exit code of a child; an interrupt is passed on to it and makes the run fail. */
export function ended(child: ChildProcess, signal?: AbortSignal): Promise<number> {
  const kill = () => child.kill('SIGTERM')
  signal?.addEventListener('abort', kill)
  if (signal?.aborted) kill()
  return new Promise((resolve) => {
    // Of two rows that run side by side, the other goes on until it has ended in order.
    child.on('error', (error) => {
      console.error(`${child.spawnargs.join(' ')}: ${error.message}`)
      resolve(1)
    })
    child.on('close', (code) => {
      signal?.removeEventListener('abort', kill)
      resolve(signal?.aborted ? 130 : (code ?? 1))
    })
  })
}

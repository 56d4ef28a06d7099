import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { addSummaries } from './held-summary.ts'
import { BROWSER, installPrograms } from './install-programs.ts'
import { partsSaid } from './parts-said.ts'
import { ROOT } from './source-tree.ts'
import { ended, runFiles, type TestRun, testFiles } from './test-files.ts'
import {
  chooseInstallation,
  flagsOf,
  hasStackImages,
  leftovers,
  removeInstallation,
  type TestInstallation,
} from './test-installation.ts'
import { inOrder, testOrder } from './test-order.ts'

const MARU = join(ROOT, 'maru')
/** Runs last: it destroys the installation and looks for what is left. */
const LAST = 'tests/zz-destroy.system.test.ts'
const PROGRAMS: Readonly<Record<string, string>> = {
  openssl: 'openssl',
  psql: 'postgresql-client',
  [BROWSER]: BROWSER,
}

/**
 * Brings up an installation of its own, runs the system tests on it and removes it, whatever happens. The counts of a run
 * before it are added to its summary, which is the last thing that is printed.
 */
export async function runSystemTests(kind: 'system' | 'long', pattern: string, before = ''): Promise<number> {
  const chosen = testFiles(kind, pattern)
  if (chosen.length === 0) {
    console.error(`No ${kind} test file has "${pattern}" in its path.`)
    return 2
  }
  await installPrograms(PROGRAMS)
  const keepImages = await hasStackImages()
  const installation = await chooseInstallation()
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  try {
    const up = await upOf(installation, stop.signal)
    if (up !== 0) return up
    const files = [...new Set([...chosen, LAST])]
    const { exitCode, summary } = await testRun(files, installation, keepImages, stop.signal)
    console.log(addSummaries(before, summary))
    return exitCode
  } finally {
    await cleanUp(installation, keepImages)
  }
}

function upOf(installation: TestInstallation, signal: AbortSignal): Promise<number> {
  const { name, home, httpPort, httpsPort, subnet } = installation
  console.log(
    `Installation ${name} in ${home}, ports ${httpPort} and ${httpsPort}, addresses ${subnet}.0.0/16`,
  )
  const argv = ['up', '--lab', ...flagsOf(installation)]
  return ended(spawn(MARU, argv, { cwd: ROOT, stdio: 'inherit' }), signal)
}

const TEST_TIMEOUT_MS = 900_000
/** For a file of long tests. */
const LONG_TEST_TIMEOUT_MS = 2 * TEST_TIMEOUT_MS

/** Runs the files. The runner's summaries are held back until the clean-up has spoken. */
async function testRun(
  files: readonly string[],
  installation: TestInstallation,
  keepImages: boolean,
  signal: AbortSignal,
): Promise<TestRun> {
  const all: Tested[] = []
  await inOrder(testOrder(files), async (file) => {
    all.push(await testFile(file, installation, keepImages, signal))
  })
  console.log(slowestOf(all))
  const clean = await cleanUp(installation, keepImages)
  const exitCode = all.find((one) => one.exitCode !== 0)?.exitCode ?? (clean ? 0 : 1)
  return {
    exitCode,
    summary: all
      .map(({ summary }) => summary)
      .filter(Boolean)
      .reduce(addSummaries, ''),
  }
}

interface Tested extends TestRun {
  readonly file: string
  readonly seconds: number
}

const SHOWN = 25

/** Which files took longest, so that one sees where the minutes go. */
const slowestOf = (all: readonly Tested[]) =>
  all
    .filter(({ seconds }) => seconds > 0)
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SHOWN)
    .map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}`)
    .join('\n')

async function testFile(
  file: string,
  installation: TestInstallation,
  keepImages: boolean,
  signal: AbortSignal,
): Promise<Tested> {
  if (signal.aborted) return { file, seconds: 0, exitCode: 130, summary: '' }
  const [since, begunAt] = [performance.now(), new Date()]
  const run = await runFiles([file], {
    argv: [`--test-timeout=${file.endsWith('.long.test.ts') ? LONG_TEST_TIMEOUT_MS : TEST_TIMEOUT_MS}`],
    env: {
      MARU_TEST_HOME: installation.home,
      MARU_TEST_KEEP_IMAGES: keepImages ? '1' : '',
      FORCE_COLOR: '0',
    },
    signal,
  })
  const seconds = (performance.now() - since) / 1000
  if (run.exitCode !== 0 && !signal.aborted) console.log(await partsSaid(installation, begunAt))
  return { ...run, file, seconds }
}

/** Idempotent: the last test has usually removed everything already. */
async function cleanUp(installation: TestInstallation, keepImages: boolean): Promise<boolean> {
  const done = await removeInstallation(MARU, installation, keepImages)
  if (done && done.exitCode !== 0) console.error(`The test installation was not destroyed:\n${done.stderr}`)
  const left = await leftovers(installation)
  for (const line of left) console.error(`Left behind: ${line}`)
  return left.length === 0
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { DOCKER_SOCKET, requireInstallation } from '#platform/hosts/index.ts'
import type { CliContext } from '#runtime/cli/context.ts'
import { makeOutput, type Output } from '#runtime/cli/output.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { readText } from '#runtime/drivers/files.ts'
import { run } from '#runtime/drivers/process.ts'
import { ROOT } from '#tools/source-tree.ts'
import type { Benchmark, BenchPlace } from './benchmark.ts'
import { BENCHMARKS } from './benchmarks.ts'
import { listenForInterrupt } from './interrupt.ts'
import { describeCommit, describeMachine } from './machine.ts'
import { withOwnInstallation } from './own-installation.ts'
import { renderPerformance, renderTerminal } from './render.ts'
import { BenchReport, type BenchResult, mergeReports } from './report.ts'
import type { UpRun } from './up-steps.ts'

export interface BenchOptions {
  readonly json?: boolean
  readonly quick?: boolean
  readonly home?: string
  readonly output?: string
}

const MARU = join(ROOT, 'maru')

/**
 * `maru bench`: measures, shows, and writes the documents. A benchmark that failed makes the exit code 1; so does an interrupt,
 * after which what was measured is shown and no document is written.
 */
export async function runBench(
  context: CliContext,
  name: string | undefined,
  options: BenchOptions,
): Promise<void> {
  if (context.uid !== 0) throw new MaruError('hosts.not_root', { command: '`maru bench`' })
  const chosen = chooseBenchmarks(name)
  const output = makeOutput(context, options)
  const home = options.home ?? context.env.MARU_HOME
  const quick = options.quick === true
  const { signal, leave } = listenForInterrupt(context, output.progress)
  const measure = (at: string, firstUp?: UpRun) =>
    measureAll(chosen, { home: at, firstUp, quick, signal }, output)
  try {
    const { report, failed } =
      home === undefined ? await withOwnInstallation(output.progress, signal, measure) : await measure(home)
    if (failed || signal.aborted) context.setExit(1)
    const asked = options.output ?? (quick || name !== undefined ? undefined : join(ROOT, 'docs'))
    const folder = signal.aborted ? undefined : asked
    if (folder !== undefined)
      await writeReport(folder, name === undefined ? report : await intoReportOf(folder, report))
    output.result(report, () => renderTerminal(report))
    if (folder !== undefined) output.note(`Written: ${folder}/performance.md and performance.json`)
  } catch (error) {
    // Before anything could be measured; it was said already that the run is ending.
    if (!signal.aborted) throw error
    context.setExit(1)
  } finally {
    leave()
  }
}

function chooseBenchmarks(name: string | undefined): readonly Benchmark[] {
  if (name === undefined) return BENCHMARKS
  const found = BENCHMARKS.filter((benchmark) => benchmark.name === name)
  if (found.length > 0) return found
  const names = BENCHMARKS.map((benchmark) => benchmark.name).join(', ')
  throw new MaruError('invalid', { field: 'NAME', reason: `must be one of ${names}` })
}

/** A single part takes its place in the report that is there already, if there is one. */
async function intoReportOf(folder: string, part: BenchReport): Promise<BenchReport> {
  const there = await readText(join(folder, 'performance.json'))
  return there === undefined ? part : mergeReports(BenchReport.parse(JSON.parse(there)), part)
}

/** Both documents: the figures as they are, and for people. */
async function writeReport(folder: string, report: BenchReport): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'performance.json'), `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(join(folder, 'performance.md'), renderPerformance(report))
}

type Where = Pick<BenchPlace, 'home' | 'firstUp' | 'quick' | 'signal'>

async function measureAll(
  benchmarks: readonly Benchmark[],
  where: Where,
  output: Output,
): Promise<{ report: BenchReport; failed: boolean }> {
  const since = performance.now()
  const docker = makeDocker(DOCKER_SOCKET)
  const about = {
    at: new Date().toISOString(),
    commit: await describeCommit(),
    machine: await describeMachine(docker),
    quick: where.quick,
  }
  const folder = await mkdtemp(join(tmpdir(), 'maru-bench-'))
  try {
    const place: Omit<BenchPlace, 'say'> = {
      ...where,
      installation: await requireInstallation(where.home),
      docker,
      folder,
      maru: commandLine(where),
    }
    const results: Array<BenchResult & { failed: boolean }> = []
    for (const benchmark of benchmarks)
      if (!where.signal.aborted) results.push(await measureOne(benchmark, place, output))
    const seconds = (performance.now() - since) / 1000
    return {
      report: { ...about, seconds, results: results.map(({ failed: _, ...result }) => result) },
      failed: results.some(({ failed }) => failed),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const commandLine =
  ({ home, signal }: Where): BenchPlace['maru'] =>
  async (args, { putsBack = false } = {}) => {
    if (!putsBack) signal.throwIfAborted()
    // A token of the shell would lead to another platform.
    const env = { MARU_HOME: home, MARU_TOKEN: '', NO_COLOR: '1' }
    return await run([MARU, ...args], { env, interrupt: putsBack ? new AbortController().signal : signal })
  }

/** A benchmark that fails costs its own figures only; the others are shown. */
async function measureOne(
  { name, title, method, measure }: Benchmark,
  place: Omit<BenchPlace, 'say'>,
  { progress }: Output,
): Promise<BenchResult & { failed: boolean }> {
  const about = { name, title, method }
  progress.step(title)
  const say = (text: string) => progress.update(`${title}: ${text}`)
  try {
    const found = await measure({ ...place, say })
    place.signal.throwIfAborted()
    progress.end('done')
    if ('skipped' in found) return { ...about, figures: [], skipped: found.skipped, failed: false }
    const { figures, missing } = 'figures' in found ? found : { figures: found, missing: [] }
    const failed = missing.some((one) => one.failed)
    const parts = missing.length > 0 ? { missing: [...missing] } : {}
    return { ...about, figures: [...figures], skipped: null, ...parts, failed }
  } catch (error) {
    progress.end('failed')
    const reason = error instanceof Error ? error.message : String(error)
    const skipped = place.signal.aborted ? 'it was interrupted' : `it failed: ${reason}`
    return { ...about, figures: [], skipped, failed: true }
  }
}

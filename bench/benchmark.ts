import type { Installation } from '#contract/installation.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import type { RunResult } from '#runtime/drivers/process.ts'
import type { BenchmarkName } from './names.ts'
import type { BenchResult, Figure, Missing } from './report.ts'
import type { UpRun } from './up-steps.ts'

/** The installation that is measured, and the hands that a benchmark has there. */
export interface BenchPlace {
  readonly installation: Installation
  readonly home: string
  readonly docker: Docker
  /** A few seconds of everything: it shows that the benchmarks work, not how fast anything is. */
  readonly quick: boolean
  /** The first `up` of this installation, where it was made for this run. */
  readonly firstUp: UpRun | undefined
  /** A folder for temporary files; removed after the run. */
  readonly folder: string
  /** Aborted when the run is to end: whoever repeats or waits has to look at it. */
  readonly signal: AbortSignal
  /**
   * Runs the command line as root on this host. When the run is to end it is interrupted, and what comes after it is not begun;
   * except what puts something back, which runs to its end.
   */
  maru(args: readonly string[], options?: MaruOptions): Promise<RunResult>
  /** A line for the person who waits. */
  say(text: string): void
}

export interface MaruOptions {
  readonly putsBack?: boolean
}

/** What is measured, how, and the measuring. */
export interface Benchmark extends Pick<BenchResult, 'title' | 'method'> {
  readonly name: BenchmarkName
  measure(place: BenchPlace): Promise<Figure[] | Found | Skipped>
}

/** Figures of some parts, and the parts that have none. */
export interface Found {
  readonly figures: readonly Figure[]
  readonly missing: readonly Missing[]
}

/** Why there is nothing to measure here. */
export interface Skipped {
  readonly skipped: string
}

/** Runs the command line; anything but exit code 0 ends the benchmark. */
export async function maruOk(
  place: BenchPlace,
  args: readonly string[],
  options: MaruOptions = {},
): Promise<RunResult> {
  const done = await place.maru(args, options)
  if (done.exitCode === 0) return done
  throw new Error(`\`maru ${args.join(' ')}\` ended with ${done.exitCode}: ${done.stderr.trim()}`)
}

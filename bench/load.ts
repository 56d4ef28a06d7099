import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#runtime/drivers/process.ts'
import { percentile } from './statistics.ts'

/** Where requests go: the address in the URL, and the machine that is really asked. */
export interface Target {
  readonly url: string
  /** ADDRESS:PORT */
  readonly connectTo: string
}

export interface Load {
  readonly connections: number
  readonly seconds: number
}

/** What came of a load. */
export interface LoadResult {
  readonly requestsPerS: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const WARM_UP_S = 1

/** Asks as fast as it is answered, over kept connections with HTTP/1.1. Any request that failed is a failure of the run. */
export async function load(
  target: Target,
  { connections, seconds }: Load,
  folder: string,
): Promise<LoadResult> {
  const log = join(folder, 'h2load.log')
  await rm(log, { force: true })
  const done = await run(
    [
      'h2load',
      '--h1',
      `--clients=${connections}`,
      `--duration=${seconds}`,
      `--warm-up-time=${WARM_UP_S}`,
      `--connect-to=${target.connectTo}`,
      `--log-file=${log}`,
      target.url,
    ],
    { timeoutMs: (seconds + WARM_UP_S + 30) * 1000 },
  )
  if (done.exitCode !== 0)
    throw new Error(`h2load ended with ${done.exitCode}: ${done.stderr || done.stdout}`)
  return readLog(await readFile(log, 'utf8'), seconds)
}

/** Reads h2load's log: start (µs since 1970), status, duration (µs). The warm-up is left out by the clock. */
export function readLog(text: string, seconds: number): LoadResult {
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.split('\t').map(Number))
    .map(([startUs = 0, status = 0, durationUs = 0]) => ({ status, durationUs, endUs: startUs + durationUs }))
  const lastUs = Math.max(...rows.slice(-1000).map(({ endUs }) => endUs))
  const counted = rows.filter(({ endUs }) => endUs > lastUs - seconds * 1_000_000)
  const failed = counted.filter(({ status }) => status !== 200)
  if (failed.length > 0)
    throw new Error(`${failed.length} requests failed, the first with ${failed[0]?.status}`)
  const times = counted.map(({ durationUs }) => durationUs / 1000)
  return {
    requestsPerS: counted.length / seconds,
    p50Ms: percentile(times, 50),
    p99Ms: percentile(times, 99),
  }
}

import { parseWith } from '#contract/errors.ts'
import { AppName } from '#contract/ids.ts'
import { type AppMetrics, type MetricsRange, metricsRoutes } from '#contract/metrics.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import type { Output } from '#runtime/cli/output.ts'
import { openSession } from '#runtime/cli/session.ts'
import { bytes } from '#runtime/kit/human-units.ts'
import { columnsOf, type Measured, renderBars } from './commands-bars.ts'

type MetricsOptions = ApiOptions & { readonly range: MetricsRange }

/** Beside the bars stand a name and two figures. */
const BESIDE_BARS = 46
const WIDTH = { narrowest: 12, widest: 60, unknown: 80 } as const

/** One line of the picture: a name, its bars, and the figures in words. */
interface Line {
  readonly name: string
  readonly values: readonly Measured[]
  /** What the tallest bar stands for; the highest value where it is left out. */
  readonly top?: number
  readonly now: string
  readonly whole: string
}

const number = (value: number, digits = 0) => value.toFixed(digits)
const latency = (ms: number | null) => (ms === null ? '-' : `${number(ms, ms < 10 ? 1 : 0)} ms`)
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** The mean of all answers, not of the steps' means: a step with one request must not count like one with a thousand. */
function meanLatency({ traffic }: AppMetrics): number | null {
  const measured = traffic.filter(({ latencyMs }) => latencyMs !== null)
  const requests = sum(measured.map((point) => point.requests))
  const waited = sum(measured.map((point) => point.requests * (point.latencyMs ?? 0)))
  return requests === 0 ? null : waited / requests
}

function trafficLines(metrics: AppMetrics): Line[] {
  const { traffic, stepS } = metrics
  const last = traffic.at(-1)
  const count = (name: string, value: (point: AppMetrics['traffic'][number]) => number): Line => ({
    name,
    values: traffic.map((point) => ({ at: point.at, value: value(point) })),
    now: last === undefined ? '-' : `${number(value(last) / stepS, 1)} /s`,
    whole: `${sum(traffic.map(value))} in all`,
  })
  const timed = traffic.flatMap(({ at, latencyMs }) => (latencyMs === null ? [] : [{ at, value: latencyMs }]))
  return [
    count('requests', ({ requests }) => requests),
    count('errors 4xx', ({ clientErrors }) => clientErrors),
    count('errors 5xx', ({ serverErrors }) => serverErrors),
    {
      name: 'latency',
      values: timed,
      now: latency(last?.latencyMs ?? null),
      whole: `${latency(meanLatency(metrics))} on average`,
    },
  ]
}

function instanceLines({ instances, limits }: AppMetrics): Line[] {
  return instances.flatMap(({ instance, points }) => {
    const last = points.at(-1)
    return [
      {
        name: `${instance} memory`,
        values: points.map(({ at, memoryBytes }) => ({ at, value: memoryBytes })),
        top: limits.memoryBytes,
        now: last === undefined ? '-' : bytes(last.memoryBytes),
        whole: `of ${bytes(limits.memoryBytes)}`,
      },
      {
        name: `${instance} processor`,
        values: points.map(({ at, cpu }) => ({ at, value: cpu })),
        top: limits.cpus,
        now: last === undefined ? '-' : `${number(last.cpu * 100)} %`,
        whole: `of ${number(limits.cpus * 100)} %`,
      },
    ]
  })
}

/** The picture: a line for each figure, its newest value, and what it comes to in the whole range. */
export function renderMetrics(metrics: AppMetrics, columns: number, table: Output['table']): string {
  if (metrics.traffic.length === 0 && metrics.instances.length === 0)
    return `Nothing was counted in this time (${metrics.range}).\n`
  const width = Math.max(WIDTH.narrowest, Math.min(WIDTH.widest, columns - BESIDE_BARS))
  const rows = [...trafficLines(metrics), ...instanceLines(metrics)].map((line) => {
    const top = line.top ?? Math.max(0, ...line.values.map(({ value }) => value))
    return [line.name, renderBars(columnsOf(line.values, metrics, width), top), line.now, line.whole]
  })
  const titles = [metrics.range, `${metrics.from.slice(0, 16)}Z to now`, 'NEWEST', 'WHOLE TIME']
  return table(
    titles.map((title) => ({ title })),
    rows,
  )
}

/** `maru metrics APP` */
export async function metrics(context: CliContext, name: string, options: MetricsOptions): Promise<void> {
  const app = parseWith(AppName, name, 'APP')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(metricsRoutes.app, { params: { app }, query: { range: options.range } })
  const columns = context.stdout.isTTY ? context.stdout.columns : WIDTH.unknown
  out.result(answer, () => renderMetrics(answer, columns, out.table))
}

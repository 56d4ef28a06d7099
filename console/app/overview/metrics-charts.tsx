import type { AppMetrics } from '#contract/metrics.ts'
import { bytes } from '#runtime/kit/human-units.ts'
import { type ChartSeries, colourOf, seriesWithValues } from '../charts/chart-series.ts'
import { Picture, Pictures } from '../charts/picture.tsx'
import { seriesName, totalsOf, trafficMoments, usageMoments } from '../charts/series.ts'
import { TimeChart } from '../charts/time-chart.tsx'
import { latencyText } from './latency-text.ts'

/** From the ground up: what failed stands below, where its height can be read. */
const TRAFFIC: readonly ChartSeries[] = [
  { name: 'serverErrors', label: 'Server errors (5xx)', color: 'var(--maru-chart-bad)' },
  { name: 'clientErrors', label: 'Client errors (4xx)', color: 'var(--maru-chart-warning)' },
  { name: 'good', label: 'Answered', color: 'var(--maru-chart-1)' },
]

const LATENCY: readonly ChartSeries[] = [{ name: 'latencyMs', label: 'Mean', color: 'var(--maru-chart-2)' }]

function rate(perSecond: number): string {
  if (perSecond === 0) return '0'
  return perSecond >= 10 ? `${Math.round(perSecond)}` : perSecond.toFixed(perSecond < 1 ? 2 : 1)
}
const processors = (value: number) => (value === 0 ? '0' : value.toFixed(value < 0.1 ? 3 : 2))

const instanceSeries = ({ instances }: AppMetrics): ChartSeries[] =>
  instances.map(({ instance }, index) => ({
    name: seriesName(instance),
    label: instance,
    color: colourOf(index),
  }))

/** What an app did in a range of time, in four pictures. */
export function MetricsCharts({ metrics }: { readonly metrics: AppMetrics }) {
  const traffic = trafficMoments(metrics)
  const totals = totalsOf(metrics)
  return (
    <Pictures>
      <Picture name="Requests a second">
        <TimeChart
          metrics={metrics}
          kind="area"
          moments={traffic}
          series={seriesWithValues(TRAFFIC, 'good', traffic)}
          format={rate}
          label={`${totals.requests} requests, ${totals.clientErrors} client errors, ${totals.serverErrors} server errors`}
        />
      </Picture>
      <Picture name="Latency" aside="until an answer begins">
        <TimeChart
          metrics={metrics}
          kind="line"
          moments={traffic}
          series={LATENCY}
          format={latencyText}
          label={`Mean latency ${latencyText(totals.meanLatencyMs)}`}
        />
      </Picture>
      <Usage metrics={metrics} />
    </Pictures>
  )
}

function Usage({ metrics }: { readonly metrics: AppMetrics }) {
  const { limits } = metrics
  const series = instanceSeries(metrics)
  const highest = (figure: 'memoryBytes' | 'cpu') =>
    Math.max(0, ...metrics.instances.flatMap(({ points }) => points.map((point) => point[figure])))
  return (
    <>
      <Picture name="Memory" aside={`each instance may use ${bytes(limits.memoryBytes)}`}>
        <TimeChart
          metrics={metrics}
          kind="line"
          moments={usageMoments(metrics, 'memoryBytes')}
          series={series}
          format={bytes}
          label={`Highest memory of an instance ${bytes(highest('memoryBytes'))}`}
        />
      </Picture>
      <Picture name="Processors" aside={`each instance may use ${limits.cpus}`}>
        <TimeChart
          metrics={metrics}
          kind="line"
          moments={usageMoments(metrics, 'cpu')}
          series={series}
          format={processors}
          label={`Highest use of an instance ${processors(highest('cpu'))} processors`}
        />
      </Picture>
    </>
  )
}

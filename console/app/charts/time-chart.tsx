import '@mantine/charts/styles.css'
import { AreaChart, LineChart } from '@mantine/charts'
import type { AppMetrics } from '#contract/metrics.ts'
import type { Moment } from './series.ts'

/** One line of a picture. */
export interface ChartSeries {
  readonly name: string
  readonly label?: string
  readonly color: string
}

const TIME = { hour: '2-digit', minute: '2-digit', hour12: false } as const
const DAY = { weekday: 'short', ...TIME } as const

/** Values over time with a mark for each release; gaps stay gaps. */
export function TimeChart(props: {
  readonly metrics: AppMetrics
  readonly moments: readonly Moment[]
  readonly series: readonly ChartSeries[]
  readonly kind: 'area' | 'line'
  /** What the picture shows, in words, for those who don't see it. */
  readonly label: string
  readonly format: (value: number) => string
}) {
  const { metrics, kind, format } = props
  const timeOf = (at: number) =>
    new Date(at).toLocaleString([], metrics.range === '1h' || metrics.range === '24h' ? TIME : DAY)
  const common = {
    h: 180,
    data: [...props.moments],
    dataKey: 'at',
    series: [...props.series],
    withDots: false,
    curveType: 'linear' as const,
    connectNulls: false,
    gridAxis: 'y' as const,
    tickLine: 'none' as const,
    valueFormatter: format,
    yAxisProps: { width: 64 },
    xAxisProps: {
      type: 'number' as const,
      scale: 'time' as const,
      domain: [Date.parse(metrics.from), Date.parse(metrics.to)],
      tickFormatter: timeOf,
    },
    tooltipProps: { labelFormatter: (at: unknown) => timeOf(Number(at)) },
    referenceLines: metrics.releases.map(({ at, version, ok }) => ({
      x: Date.parse(at),
      label: `v${version}`,
      color: ok ? 'gray.5' : 'red.6',
    })),
  }
  return (
    <figure style={{ margin: 0 }} aria-label={props.label}>
      {kind === 'area' ? (
        <AreaChart {...common} type="stacked" areaChartProps={{ accessibilityLayer: false }} />
      ) : (
        <LineChart {...common} lineChartProps={{ accessibilityLayer: false }} />
      )}
    </figure>
  )
}

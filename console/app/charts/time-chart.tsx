import '@mantine/charts/styles.css'
import { AreaChart, LineChart } from '@mantine/charts'
import type { Key } from 'react'
import type { AppMetrics } from '#contract/metrics.ts'
import type { ChartSeries } from './chart-series.ts'
import { isAlone, type Moment } from './series.ts'
import { momentText, releaseMarks, ticksOf, tickText } from './time-axis.ts'
import classes from './time-chart.module.css'

interface TimeChartProps {
  /** The time that is shown, with the releases in it. */
  readonly metrics: Pick<AppMetrics, 'range' | 'from' | 'to' | 'releases'>
  readonly moments: readonly Moment[]
  readonly series: readonly ChartSeries[]
  readonly kind: 'area' | 'line'
  /** What the picture shows, in words, for those who don't see it. */
  readonly label: string
  readonly format: (value: number) => string
}

/** Values over time with a mark for each release; gaps stay gaps. */
export function TimeChart(props: TimeChartProps) {
  const common = chartProps(props)
  const dot = loneDot(props.moments)
  return (
    <figure className={classes.chart} aria-label={props.label}>
      {props.kind === 'area' ? (
        <AreaChart
          {...common}
          type="stacked"
          areaChartProps={{ accessibilityLayer: false, margin: MARGIN }}
          areaProps={({ name, color }) => ({ dot: dot(name, color) })}
        />
      ) : (
        <LineChart
          {...common}
          lineChartProps={{ accessibilityLayer: false, margin: MARGIN }}
          lineProps={({ name, color }) => ({ dot: dot(name, color) })}
        />
      )}
      {props.series.length > 1 && <Legend series={props.series} />}
    </figure>
  )
}

const Legend = ({ series }: { readonly series: readonly ChartSeries[] }) => (
  <ul className={classes.legend}>
    {series.map(({ name, label, color }) => (
      <li key={name}>
        <span aria-hidden style={{ background: color }} />
        {label}
      </li>
    ))}
  </ul>
)

/** Above the picture is the place of the releases' names. */
const MARGIN = { top: 18, right: 12, bottom: 0, left: 0 }

function chartProps({ metrics, moments, series, format }: TimeChartProps) {
  return {
    h: 190,
    data: [...moments],
    dataKey: 'at',
    series: [...series],
    withDots: false,
    curveType: 'linear' as const,
    connectNulls: false,
    gridAxis: 'x' as const,
    tickLine: 'none' as const,
    strokeDasharray: '0',
    strokeWidth: 1.75,
    valueFormatter: format,
    yAxisProps: { width: 54, tickCount: 4 },
    xAxisProps: {
      type: 'number' as const,
      scale: 'time' as const,
      domain: [Date.parse(metrics.from), Date.parse(metrics.to)],
      ticks: ticksOf(metrics),
      tickFormatter: (at: number) => tickText(at, metrics.range),
    },
    tooltipProps: { labelFormatter: (at: unknown) => momentText(Number(at), metrics.range) },
    referenceLines: releaseMarks(metrics).map(({ x, label, ok }) => ({
      x,
      label,
      labelPosition: 'top' as const,
      color: ok ? 'var(--maru-chart-mark)' : 'var(--maru-chart-bad)',
      strokeDasharray: '3 3',
    })),
  }
}

interface Dot {
  readonly key?: Key | null | undefined
  readonly cx?: number | undefined
  readonly cy?: number | undefined
  readonly index: number
}

/** A value between two gaps would not be seen: a line needs two. */
const loneDot =
  (moments: readonly Moment[]) =>
  (name: string, color = 'currentColor') =>
  ({ key, cx, cy, index }: Dot) =>
    isAlone(moments, index, name) ? <circle key={key} cx={cx} cy={cy} r={2} fill={color} /> : <g key={key} />

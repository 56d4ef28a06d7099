import '@mantine/charts/styles.css'
import { BarChart } from '@mantine/charts'
import type { Release } from '#contract/apps.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { serverNow } from '../../live/server-clock.ts'
import classes from '../charts/time-chart.module.css'
import { releasesByDay } from './releases-by-day.ts'

/** How often an app was released. */
export function ReleasesChart(props: { readonly releases: readonly Release[]; readonly height: number }) {
  const days = releasesByDay(props.releases, serverNow())
  const sum = (key: 'good' | 'failed') => days.reduce((total, day) => total + day[key], 0)
  return (
    <figure
      className={classes.chart}
      aria-label={`${counted(sum('good'), 'release')} in the last 30 days, ${sum('failed')} failed`}
    >
      <BarChart
        h={props.height}
        data={days}
        dataKey="day"
        type="stacked"
        series={[
          { name: 'good', label: 'Released', color: 'var(--maru-chart-1)' },
          { name: 'failed', label: 'Failed', color: 'var(--maru-chart-bad)' },
        ]}
        tickLine="none"
        gridAxis="x"
        strokeDasharray="0"
        yAxisProps={{ allowDecimals: false, width: 32, tickCount: 3 }}
        xAxisProps={{ minTickGap: 24 }}
        barChartProps={{ accessibilityLayer: false, margin: { top: 8, right: 0, bottom: 0, left: 0 } }}
        maxBarWidth={18}
      />
    </figure>
  )
}

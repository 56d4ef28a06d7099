import '@mantine/charts/styles.css'
import { BarChart } from '@mantine/charts'
import type { Release } from '#contract/apps.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { serverNow } from '../../live/server-clock.ts'
import { releasesByDay } from './releases-by-day.ts'

/** How often an app was released. */
export function ReleasesChart({ releases }: { readonly releases: readonly Release[] }) {
  const days = releasesByDay(releases, serverNow())
  const sum = (key: 'good' | 'failed') => days.reduce((total, day) => total + day[key], 0)
  return (
    <figure
      style={{ margin: 0 }}
      aria-label={`${counted(sum('good'), 'release')} in the last 30 days, ${sum('failed')} failed`}
    >
      <BarChart
        h={140}
        data={days}
        dataKey="day"
        type="stacked"
        series={[
          { name: 'good', label: 'Released', color: 'iris.6' },
          { name: 'failed', label: 'Failed', color: 'red.6' },
        ]}
        tickLine="none"
        gridAxis="y"
        yAxisProps={{ allowDecimals: false, width: 32 }}
        barChartProps={{ accessibilityLayer: false }}
        maxBarWidth={18}
      />
    </figure>
  )
}

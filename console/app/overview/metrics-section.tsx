import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import type { AppMetrics, MetricsRange } from '#contract/metrics.ts'
import { Loaded } from '../../app-shell/loaded.tsx'
import { Panel } from '../../app-shell/panel.tsx'
import { metricsQuery } from '../app-queries.ts'
import { ChartPlace } from '../charts/chart-place.tsx'
import { RangeOfTime } from '../charts/range-of-time.tsx'
import { totalsOf } from '../charts/series.ts'
import { Figure, Figures } from '../figure.tsx'
import { latencyText } from './latency-text.ts'

const MetricsCharts = lazy(async () => ({
  default: (await import('./metrics-charts.tsx')).MetricsCharts,
}))

const PLACE_PX = 560

/** What an app did over time: figures first, pictures below. */
export function MetricsSection({ app }: { readonly app: string }) {
  const [range, setRange] = useState<MetricsRange>('1h')
  const query = useQuery({ ...metricsQuery(app, range), placeholderData: keepPreviousData })
  return (
    <Panel
      title="Traffic and use"
      note="Counted by the edge, for all instances together."
      actions={<RangeOfTime value={range} onChange={setRange} />}
    >
      <Loaded query={query} placeholder={<ChartPlace height={PLACE_PX} />}>
        {(metrics) => (
          <div>
            <Totals metrics={metrics} />
            <Suspense fallback={<ChartPlace height={PLACE_PX} />}>
              <MetricsCharts metrics={metrics} />
            </Suspense>
          </div>
        )}
      </Loaded>
    </Panel>
  )
}

function Totals({ metrics }: { readonly metrics: AppMetrics }) {
  const { requests, clientErrors, serverErrors, meanLatencyMs } = totalsOf(metrics)
  return (
    <Figures>
      <Figure name="Requests" value={requests.toLocaleString('en')} />
      <Figure name="Client errors" value={clientErrors.toLocaleString('en')} />
      <Figure name="Server errors" value={serverErrors.toLocaleString('en')} />
      <Figure name="Mean latency" value={latencyText(meanLatencyMs)} />
    </Figures>
  )
}

import type { NetworkTraffic } from '#contract/guard.ts'
import { type ChartSeries, colourOf, seriesWithValues } from '../app/charts/chart-series.ts'
import { Picture, Pictures } from '../app/charts/picture.tsx'
import { TimeChart } from '../app/charts/time-chart.tsx'
import { eventMoments, kindsOf, packetMoments, sumsOf } from './traffic-series.ts'

const PASSED: readonly ChartSeries[] = [{ name: 'passed', label: 'Allowed', color: 'var(--maru-chart-1)' }]
const REFUSED: readonly ChartSeries[] = [
  { name: 'refused', label: 'No rule allows them', color: 'var(--maru-chart-3)' },
  { name: 'kept_out', label: 'Their source is held or blocked', color: 'var(--maru-chart-6)' },
  {
    name: 'flooded',
    label: 'A search, malformed, forged or too many (openings of many senders are let through)',
    color: 'var(--maru-chart-bad)',
  },
]

const whole = (value: number) =>
  value > 0 && value < 1 ? value.toFixed(1) : Math.round(value).toLocaleString('en')

/** What the hosts' packet filters let through and refused, and what was noticed, over time. */
export function TrafficCharts({ traffic }: { readonly traffic: NetworkTraffic }) {
  const packets = packetMoments(traffic)
  const { judged, refused, stopped, events } = sumsOf(traffic)
  const axis = { ...traffic, releases: [] }
  const kinds = kindsOf(traffic).map((name, index) => ({
    name,
    label: name,
    color: colourOf(index),
  }))
  return (
    <Pictures>
      <Picture name="Packets refused or noticed a minute">
        <TimeChart
          metrics={axis}
          kind="area"
          moments={packets}
          series={seriesWithValues(REFUSED, 'refused', packets)}
          format={whole}
          label={`${refused} packets refused by rules, ${stopped} noticed by the guard`}
        />
      </Picture>
      <Picture name="Allowed packets a minute" aside="of the installation’s own networks">
        <TimeChart
          metrics={axis}
          kind="area"
          moments={packets}
          series={PASSED}
          format={whole}
          label={`${judged - refused} packets allowed`}
        />
      </Picture>
      {kinds.length > 0 && (
        <Picture name="Events" aside="that began in each step">
          <TimeChart
            metrics={axis}
            kind="line"
            moments={eventMoments(traffic)}
            series={kinds}
            format={whole}
            label={`${events} events`}
          />
        </Picture>
      )}
    </Pictures>
  )
}

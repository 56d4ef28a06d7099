import { SimpleGrid, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { AppMetrics } from '#contract/metrics.ts'
import { bytes } from '#runtime/kit/human-units.ts'
import { totalsOf, trafficMoments, usageMoments } from '../charts/series.ts'
import { type ChartSeries, TimeChart } from '../charts/time-chart.tsx'
import { latencyText } from './latency-text.ts'

const TRAFFIC: readonly ChartSeries[] = [
  { name: 'good', label: 'Answered', color: 'iris.6' },
  { name: 'clientErrors', label: 'Client errors (4xx)', color: 'yellow.6' },
  { name: 'serverErrors', label: 'Server errors (5xx)', color: 'red.6' },
]
const LATENCY: readonly ChartSeries[] = [{ name: 'latencyMs', label: 'Mean latency', color: 'teal.6' }]
const COLOURS = ['iris.6', 'teal.6', 'orange.6', 'pink.6', 'cyan.6', 'lime.7', 'grape.6', 'yellow.7']

const rate = (value: number) => `${value >= 10 ? Math.round(value) : value.toFixed(1)}/s`
const processors = (value: number) => value.toFixed(2)

const instanceSeries = ({ instances }: AppMetrics): ChartSeries[] =>
  instances.map(({ instance }, index) => ({
    name: instance,
    color: COLOURS[index % COLOURS.length] ?? 'iris.6',
  }))

/** What an app did in a range of time, in four pictures. */
export function MetricsCharts({ metrics }: { readonly metrics: AppMetrics }) {
  const totals = totalsOf(metrics)
  const traffic = trafficMoments(metrics)
  const series = instanceSeries(metrics)
  const highest = (figure: 'memoryBytes' | 'cpu') =>
    Math.max(0, ...metrics.instances.flatMap(({ points }) => points.map((point) => point[figure])))
  const of = { metrics }
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl" verticalSpacing="xl">
      <Picture title="Requests a second">
        <TimeChart
          {...of}
          kind="area"
          moments={traffic}
          series={TRAFFIC}
          format={rate}
          label={`${totals.requests} requests, ${totals.clientErrors} client errors, ${totals.serverErrors} server errors`}
        />
      </Picture>
      <Picture title="Latency">
        <TimeChart
          {...of}
          kind="line"
          moments={traffic}
          series={LATENCY}
          format={latencyText}
          label={`Mean latency ${latencyText(totals.meanLatencyMs)}`}
        />
      </Picture>
      <Picture title={`Memory of each instance, of ${bytes(metrics.limits.memoryBytes)}`}>
        <TimeChart
          {...of}
          kind="line"
          moments={usageMoments(metrics, 'memoryBytes')}
          series={series}
          format={bytes}
          label={`Highest memory of an instance ${bytes(highest('memoryBytes'))}`}
        />
      </Picture>
      <Picture title={`Processors of each instance, of ${metrics.limits.cpus}`}>
        <TimeChart
          {...of}
          kind="line"
          moments={usageMoments(metrics, 'cpu')}
          series={series}
          format={processors}
          label={`Highest use of an instance ${processors(highest('cpu'))} processors`}
        />
      </Picture>
    </SimpleGrid>
  )
}

function Picture({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Stack gap="xs">
      <Text size="sm" fw={550}>
        {title}
      </Text>
      {children}
    </Stack>
  )
}

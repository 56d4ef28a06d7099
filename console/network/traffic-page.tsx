import { NativeSelect, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { EVENT_KINDS, type EventKind, type HostEvent, type NetworkTraffic } from '#contract/guard.ts'
import type { MetricsRange } from '#contract/metrics.ts'
import { ago, counted } from '#runtime/kit/human-units.ts'
import cells from '../app/cells.module.css'
import { ChartPlace } from '../app/charts/chart-place.tsx'
import { RangeOfTime } from '../app/charts/range-of-time.tsx'
import { Figure, Figures } from '../app/figure.tsx'
import { DataTable } from '../app-shell/data-table.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import { eventsQuery, trafficQuery } from './network-queries.ts'
import { NetworkPageFrame } from './network-tabs.tsx'
import { sumsOf } from './traffic-series.ts'

const TrafficCharts = lazy(async () => ({ default: (await import('./traffic-charts.tsx')).TrafficCharts }))

const PLACE_PX = 280
/** What the edge tells of: connections, requests and sign-ins, which it counts one by one. */
const ATTEMPTS: readonly EventKind[] = ['password guessing', 'exhaustion']

/** What was allowed, refused and noticed over time, and each event. */
export function TrafficPage() {
  return (
    <NetworkPageFrame title="Traffic and events">
      <TrafficPanel />
      <EventsPanel />
    </NetworkPageFrame>
  )
}

function TrafficPanel() {
  const [range, setRange] = useState<MetricsRange>('1h')
  const query = useQuery({ ...trafficQuery(range), placeholderData: keepPreviousData })
  return (
    <Panel
      title="Traffic and refusals"
      note="Counted in the kernel of every host, minute by minute; all hosts together."
      actions={<RangeOfTime value={range} onChange={setRange} />}
    >
      <Loaded query={query} placeholder={<ChartPlace height={PLACE_PX} />}>
        {(traffic) => (
          <div>
            <Sums traffic={traffic} />
            <Suspense fallback={<ChartPlace height={PLACE_PX} />}>
              <TrafficCharts traffic={traffic} />
            </Suspense>
          </div>
        )}
      </Loaded>
    </Panel>
  )
}

function Sums({ traffic }: { readonly traffic: NetworkTraffic }) {
  const { judged, refused, stopped, events } = sumsOf(traffic)
  return (
    <Figures>
      <Figure name="Packets allowed" value={(judged - refused).toLocaleString('en')} />
      <Figure name="Refused: no rule" value={refused.toLocaleString('en')} />
      <Figure name="Noticed by the guard" value={stopped.toLocaleString('en')} />
      <Figure name="Events" value={events.toLocaleString('en')} />
    </Figures>
  )
}

function EventsPanel() {
  const query = useQuery(eventsQuery)
  const [kind, setKind] = useState('')
  return (
    <Panel
      title="Events"
      note="What was noticed at the hosts, the newest first. One line for each source and kind within a minute."
      actions={
        <NativeSelect
          size="xs"
          aria-label="Kind of event"
          data={[
            { value: '', label: 'All kinds' },
            ...EVENT_KINDS.map((one) => ({ value: one, label: one })),
          ]}
          value={kind}
          onChange={({ currentTarget }) => setKind(currentTarget.value)}
        />
      }
    >
      <Loaded query={query}>
        {({ events }) => <Events events={events.filter((event) => kind === '' || event.kind === kind)} />}
      </Loaded>
    </Panel>
  )
}

function Events({ events }: { readonly events: readonly HostEvent[] }) {
  const now = useServerTime()
  if (events.length === 0)
    return (
      <PanelBody>
        <Text size="sm">Nothing was noticed.</Text>
      </PanelBody>
    )
  return (
    <DataTable label="Events" columns={['When', 'Kind', 'What', 'Host']} minWidth={640}>
      {events.map((event) => (
        <tr key={`${event.host} ${event.uid}`}>
          <td data-live className={cells.end} style={{ textAlign: 'start' }}>
            <time dateTime={event.start_time} title={event.start_time}>
              {ago(event.start_time, now)}
            </time>
          </td>
          <td>
            <StateBadge state={event.kind} />
          </td>
          <td>
            <bdi>{event.message}</bdi>
            <span className={cells.below}>
              {counted(event.count, ATTEMPTS.includes(event.kind) ? 'attempt' : 'packet')}
              {event.app !== null && <bdi>, of the app {event.app}</bdi>}
              {event.disposition === 'Logged' && ', only recorded'}
            </span>
          </td>
          <td className={cells.name}>{event.host}</td>
        </tr>
      ))}
    </DataTable>
  )
}

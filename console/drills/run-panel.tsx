import { Anchor, Stack, Text, useComputedColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import {
  type DrillLedger,
  type DrillMeasure,
  type DrillResult,
  describeLedger,
  standingOf,
} from '#contract/drill-result.ts'
import { drillRoutes } from '#contract/drills.ts'
import type { DrillRunId } from '#contract/ids.ts'
import { ago, elapsed } from '#runtime/kit/human-units.ts'
import { renderRequest } from '#runtime/kit/route-request.ts'
import { routeQuery } from '../api/route-query.ts'
import { DataTable } from '../app-shell/data-table.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import classes from './drill-page.module.css'
import { figureText, outcomeOf } from './drill-state.ts'

/** What one run found: its sentence, figures against limits, time line, and what ran. */
export function RunPanel({ run, isLast }: { readonly run: DrillRunId; readonly isLast: boolean }) {
  const query = useQuery(routeQuery({ kind: 'trust' }, drillRoutes.run, { params: { run } }))
  const result = query.data?.result
  return (
    <Panel
      title={isLast ? 'Last run' : 'An earlier run'}
      note={result && <When result={result} />}
      actions={result && <StateBadge state={outcomeOf(result)} />}
    >
      <Loaded query={query}>{({ result: found }) => <Found run={run} result={found} />}</Loaded>
    </Panel>
  )
}

function When({ result: { startedAt, finishedAt, place } }: { readonly result: DrillResult }) {
  const now = useServerTime()
  return (
    <span data-live>
      {ago(finishedAt, now)} ({finishedAt.slice(0, 16).replace('T', ' ')} UTC), took{' '}
      {elapsed(Date.parse(finishedAt) - Date.parse(startedAt))}, in {place === 'lab' ? 'a lab' : 'production'}
    </span>
  )
}

function Found({ run, result }: { readonly run: DrillRunId; readonly result: DrillResult }) {
  const { measures, timeLine, figures = [], versions = [] } = result
  const hasPicture = (timeLine?.marks.length ?? 0) > 0
  return (
    <>
      <PanelBody>
        <Text size="sm">
          <bdi>{result.result}</bdi>
        </Text>
      </PanelBody>
      <DataTable
        label="Figures against their limits"
        columns={['Measure', 'Value of limit', 'State']}
        minWidth={420}
      >
        {measures.map((measure) => (
          <MeasureRow key={measure.name} measure={measure} />
        ))}
      </DataTable>
      <PanelBody>
        <Stack gap="md" pt="md">
          {hasPicture && <Picture run={run} drill={result.drill} />}
          <Moments result={result} />
          {result.ledger !== undefined && <Ledger run={run} ledger={result.ledger} />}
          <Text size="xs" c="dimmed">
            {[
              ...figures.map(({ name, value, unit }) => `${name}: ${value} ${unit}`),
              ...versions.map(({ name, version }) => `${name} ${version}`),
            ].join(' · ')}
          </Text>
        </Stack>
      </PanelBody>
    </>
  )
}

/** What each writer or visitor was told is for programs to read: it is a file. */
function Ledger({ run, ledger }: { readonly run: DrillRunId; readonly ledger: DrillLedger }) {
  const { path } = renderRequest(drillRoutes.ledger, { params: { run } })
  return (
    <Text size="sm">
      <Anchor href={path} download={`${run}-ledger.csv`}>
        Download the ledger
      </Anchor>
      : {describeLedger(ledger)}.
    </Text>
  )
}

function MeasureRow({ measure }: { readonly measure: DrillMeasure }) {
  return (
    <tr>
      <td>{measure.name}</td>
      <td>{figureText(measure)}</td>
      <td>
        <StateBadge state={standingOf(measure)} />
      </td>
    </tr>
  )
}

/** The moments stand beside the picture in words; who can't see it misses nothing. */
function Picture({ run, drill }: { readonly run: DrillRunId; readonly drill: string }) {
  const scheme = useComputedColorScheme('light')
  const { path } = renderRequest(drillRoutes.picture, { params: { run }, query: { scheme } })
  return (
    <img className={classes.picture} src={path} alt={`Time line of ${drill}, as in the list of moments`} />
  )
}

function Moments({ result: { timeLine } }: { readonly result: DrillResult }) {
  if (timeLine === undefined)
    return <Text size="sm">This run has no time line: it is from an earlier version.</Text>
  if (timeLine.marks.length === 0) return <Text size="sm">This run has noted no moments.</Text>
  return (
    <details>
      <summary>The moments in words</summary>
      <ul className={classes.limits} aria-label="Moments">
        {timeLine.marks.map(({ label, atS, source }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a run never changes, and two moments may be alike
          <li key={index}>
            {label}: {atS.toFixed(2)} s{source !== null && ` (${source})`}
          </li>
        ))}
      </ul>
    </details>
  )
}

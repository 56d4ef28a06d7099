import { Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { DrillRun } from '#contract/drills.ts'
import { ago, elapsed } from '#runtime/kit/human-units.ts'
import { DataTable } from '../app-shell/data-table.tsx'
import { PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import { figureText, outcomeOf } from './drill-state.ts'

const COLUMNS = ['When', 'Result', 'Took', 'Figures'] as const

/** The latest runs of a drill; each leads to its figures and its time line. */
export function RunsTable(props: { readonly runs: readonly DrillRun[]; readonly shown: string | undefined }) {
  if (props.runs.length === 0)
    return (
      <PanelBody>
        <Text size="sm">It has never been run here.</Text>
      </PanelBody>
    )
  return (
    <DataTable label="Runs" columns={COLUMNS} minWidth={560}>
      {props.runs.map((run) => (
        <RunRow key={run.id} run={run} isShown={run.id === props.shown} />
      ))}
    </DataTable>
  )
}

function RunRow({ run, isShown }: { readonly run: DrillRun; readonly isShown: boolean }) {
  const now = useServerTime()
  const { id, drill, startedAt, finishedAt, measures } = run
  return (
    <tr>
      <td>
        <Link
          to="/platform/drills/$drill"
          params={{ drill }}
          search={{ run: id }}
          aria-current={isShown ? 'true' : undefined}
          data-live
        >
          {ago(finishedAt, now)}
        </Link>
      </td>
      <td>
        <StateBadge state={outcomeOf(run)} />
      </td>
      <td>{elapsed(Date.parse(finishedAt) - Date.parse(startedAt))}</td>
      <td>{measures.map(figureText).join('; ')}</td>
    </tr>
  )
}

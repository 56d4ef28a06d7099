import { Anchor, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type DrillEntry, type DrillList, drillRoutes } from '#contract/drills.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { routeQuery } from '../api/route-query.ts'
import classes from '../app/cells.module.css'
import { CommandLine } from '../app-shell/command-line.tsx'
import { DataTable } from '../app-shell/data-table.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { usePageTitle } from '../app-shell/page-title.ts'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import { PartHead } from '../platform/part-head.tsx'
import { startedFrom, stateOf } from './drill-state.ts'
import { UnderWayNotice } from './under-way-notice.tsx'

const COLUMNS = ['State', 'Drill', 'Last run', 'Promises', 'Started from'] as const

/** What is known of all drills. */
export const drillsQuery = routeQuery({ kind: 'trust' }, drillRoutes.list, {})

/** Every drill, with its state and the age of its last run. */
export function DrillsPage() {
  usePageTitle('Drills')
  const query = useQuery(drillsQuery)
  return (
    <Stack gap="lg">
      <PartHead title="Drills">
        A drill breaks something on purpose and measures what happens. What it finds decides whether a promise
        counts as kept: <a href="/trust">the Trust page</a>.
      </PartHead>
      <Loaded query={query}>
        {(list) => (
          <Stack gap="lg">
            <UnderWayNotice underWay={list.underWay} />
            <Drills list={list} />
          </Stack>
        )}
      </Loaded>
    </Stack>
  )
}

function Drills({ list }: { readonly list: DrillList }) {
  const neverRun = list.drills.every(({ last }) => last === null)
  return (
    <Panel title="All drills" note={placeText(list.lab)}>
      <DataTable label="Drills" columns={COLUMNS} minWidth={640}>
        {list.drills.map((drill) => (
          <DrillRow key={drill.name} drill={drill} />
        ))}
      </DataTable>
      {neverRun && (
        <PanelBody>
          <Stack gap="sm" maw={720} pt="md">
            <Text size="sm">Nothing has been run here yet. On the host, as root:</Text>
            <CommandLine command="maru drill run --all" />
          </Stack>
        </PanelBody>
      )}
    </Panel>
  )
}

function placeText(lab: boolean | null): string {
  if (lab === null) return 'The host does not answer, so nobody knows whether they may run here.'
  return lab
    ? 'This installation is a lab: nobody depends on it. Drills that can be started here have a button on their page; for the others it has the command.'
    : 'This installation is no lab: drills that break things do not run here.'
}

function DrillRow({ drill }: { readonly drill: DrillEntry }) {
  const now = useServerTime()
  const { name, summary, last, promises } = drill
  return (
    <tr>
      <td>
        <StateBadge state={stateOf(drill, now)} />
      </td>
      <td>
        <Anchor component={Link} to={`/platform/drills/${name}`} size="sm" fw={600}>
          {name}
        </Anchor>
        <span className={classes.below}>{summary}</span>
      </td>
      <td data-live>{last === null ? '–' : ago(last.finishedAt, now)}</td>
      <td>{promises.join(', ')}</td>
      <td>{startedFrom(drill)}</td>
    </tr>
  )
}

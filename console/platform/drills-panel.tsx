import { Anchor } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { DrillEntry, DrillList } from '#contract/drills.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { DataTable } from '../app-shell/data-table.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { stateOf } from '../drills/drill-state.ts'
import { drillsQuery } from '../drills/drills-page.tsx'
import { useServerTime } from '../live/use-server-time.ts'

/** The drills in short; each leads to its page. */
export function DrillsPanel() {
  const query = useQuery(drillsQuery)
  return (
    <Panel
      title="Drills"
      note="What breaks something on purpose, and what it found."
      actions={
        <Anchor component={Link} to="/platform/drills" size="sm">
          All drills
        </Anchor>
      }
    >
      <Loaded query={query}>{(list) => <Rows list={list} />}</Loaded>
    </Panel>
  )
}

const Rows = ({ list }: { readonly list: DrillList }) => (
  <DataTable label="Drills" columns={['Drill', 'State', 'Last run']} minWidth={420}>
    {list.drills.map((drill) => (
      <Row key={drill.name} drill={drill} />
    ))}
  </DataTable>
)

function Row({ drill }: { readonly drill: DrillEntry }) {
  const now = useServerTime()
  return (
    <tr>
      <td>
        <Anchor component={Link} to={`/platform/drills/${drill.name}`} size="sm" fw={600}>
          {drill.name}
        </Anchor>
      </td>
      <td>
        <StateBadge state={stateOf(drill, now)} />
      </td>
      <td data-live>{drill.last === null ? '–' : ago(drill.last.finishedAt, now)}</td>
    </tr>
  )
}

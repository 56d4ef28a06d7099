import { Anchor, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Operation } from '#contract/operations.ts'
import { ago, elapsed } from '#runtime/kit/human-units.ts'
import { DataTable } from '../../app-shell/data-table.tsx'
import { Loaded } from '../../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../../app-shell/panel.tsx'
import { StateBadge } from '../../app-shell/state-badge.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import { operationsQuery } from '../app-queries.ts'
import classes from '../cells.module.css'
import { TITLES } from './operation-titles.ts'

const SHOWN = 8
const COLUMNS = ['What', 'State', 'When', 'Took', 'By'] as const

/** The latest things that were done with an app; each leads to its steps and its log. */
export function OperationList({ app }: { readonly app: string }) {
  const query = useQuery(operationsQuery(app))
  return (
    <Panel title="Activity" note="What was done with the app; each leads to its steps and its log.">
      <Loaded query={query}>
        {({ operations }) =>
          operations.length === 0 ? (
            <PanelBody>
              <Text size="sm">Nothing was done with this app yet.</Text>
            </PanelBody>
          ) : (
            <DataTable label="Activity" columns={COLUMNS} minWidth={540}>
              {operations.slice(0, SHOWN).map((one) => (
                <OperationRow key={one.id} app={app} operation={one} />
              ))}
            </DataTable>
          )
        }
      </Loaded>
    </Panel>
  )
}

function OperationRow({ app, operation: one }: { readonly app: string; readonly operation: Operation }) {
  const now = useServerTime()
  return (
    <tr>
      <td className={classes.name}>
        <Anchor component={Link} to={`/apps/${app}/operations/${one.id}`} size="sm" fw={600}>
          {TITLES[one.kind]}
          {one.release !== null && ` v${one.release}`}
        </Anchor>
      </td>
      <td>
        <StateBadge state={one.state} />
      </td>
      <td data-live>{ago(one.createdAt, now)}</td>
      <td>
        {one.finishedAt === null ? '–' : elapsed(Date.parse(one.finishedAt) - Date.parse(one.createdAt))}
      </td>
      <td className={classes.aside}>
        <bdi>{one.createdBy}</bdi>
      </td>
    </tr>
  )
}

import { Anchor, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type PairChange, type PairStatus, platformRoutes } from '#contract/platform.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { routeQuery } from '../api/route-query.ts'
import { PairPicture } from '../app/database/pair-picture.tsx'
import { DataTable } from '../app-shell/data-table.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import classes from './components-panel.module.css'

/** Nothing announces a standby that falls behind or another primary: the pair is asked again while one looks. */
const LOOK_MS = 5000
const COLUMNS = ['When', 'Primary from then on', 'Timeline', 'Why'] as const

/** The pair of databases as it is now: its members, who leads, how far the other is behind, and the last failovers. */
export function PairPanel() {
  const query = useQuery({
    ...routeQuery({ kind: 'platform' }, platformRoutes.pair, {}),
    refetchInterval: LOOK_MS,
  })
  return (
    <Panel title="Database pair" note={query.data && <LastChange pair={query.data} />}>
      <Loaded query={query}>{(pair) => <Pair pair={pair} />}</Loaded>
    </Panel>
  )
}

function LastChange({ pair: { changes, answers } }: { readonly pair: PairStatus }) {
  const now = useServerTime()
  const [last] = changes
  if (!answers) return 'What the members say about themselves.'
  if (last === undefined) return 'Every app has its database here. The primary has never changed.'
  return (
    <span data-live>
      Every app has its database here. Last failover {ago(last.at, now)}, to{' '}
      {last.primary ?? 'an unknown member'}.
    </span>
  )
}

function Pair({ pair: { answers, members, changes } }: { readonly pair: PairStatus }) {
  if (!answers)
    return (
      <PanelBody>
        <Text size="sm" role="alert">
          No member of the pair answers. It fails over by itself within seconds; if this stays, run maru
          doctor on the host.
        </Text>
      </PanelBody>
    )
  const primary = members.find(({ role }) => role === 'primary')
  const standbys = members
    .filter((one) => one !== primary)
    .map(({ member, role, state, lagBytes }) => ({
      member,
      state,
      lagBytes,
      synchronous: role === 'synchronous standby',
    }))
  return (
    <>
      <PairPicture database={{ primary: primary?.member ?? 'nobody leads now', standbys }} />
      {changes.length > 0 && (
        <DataTable label="Changes of the primary" columns={COLUMNS} minWidth={520}>
          {changes.map((change) => (
            <ChangeRow key={change.timeline} change={change} />
          ))}
        </DataTable>
      )}
    </>
  )
}

function ChangeRow({ change: { at, primary, timeline, drill } }: { readonly change: PairChange }) {
  const now = useServerTime()
  return (
    <tr>
      <td>
        <time dateTime={at} data-live>
          {ago(at, now)}
        </time>
      </td>
      <td className={classes.name}>{primary ?? 'not known'}</td>
      <td>{timeline}</td>
      <td>
        {drill === null ? (
          'outside of the drills recorded here'
        ) : (
          <>
            drill{' '}
            <Anchor component={Link} to={`/platform/drills/${drill}`} size="sm">
              {drill}
            </Anchor>
          </>
        )}
      </td>
    </tr>
  )
}

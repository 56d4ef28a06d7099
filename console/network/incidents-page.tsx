import { Alert, SegmentedControl, Stack, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type Incident, whoWords } from '#contract/detection.ts'
import { ago } from '#runtime/kit/human-units.ts'
import cells from '../app/cells.module.css'
import { DataTable } from '../app-shell/data-table.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import { momentWords, severityWord, stateWord } from './incident-words.ts'
import { incidentsQuery } from './network-queries.ts'
import { NetworkPageFrame } from './network-tabs.tsx'

const COLUMNS = ['Severity', 'What', 'Who', 'Apps', 'Times', 'Since', 'Last', 'State'] as const

/** What attackers did: one incident for each of them. */
export function IncidentsPage() {
  const { state } = useSearch({ from: '/signed-in/platform/network/incidents' })
  const navigate = useNavigate()
  const query = useQuery({ ...incidentsQuery(state), placeholderData: keepPreviousData })
  return (
    <NetworkPageFrame title="Incidents">
      <Panel
        title="Incidents"
        note="What one attacker does is one incident, on whichever hosts, until he was quiet for half an hour. The newest first."
        actions={
          <SegmentedControl
            size="xs"
            aria-label="Which incidents"
            data={[
              { value: 'all', label: 'All' },
              { value: 'open', label: 'Going on' },
            ]}
            value={state === 'open' ? 'open' : 'all'}
            onChange={(value) =>
              void navigate({
                to: '/platform/network/incidents',
                search: value === 'open' ? { state: 'open' } : {},
              })
            }
          />
        }
      >
        <Loaded query={query}>
          {({ incidents, problems }) => (
            <div>
              <Unseen problems={problems} />
              <Incidents
                incidents={incidents}
                none={state === 'open' ? 'Nothing goes on.' : 'There were none.'}
              />
            </div>
          )}
        </Loaded>
      </Panel>
    </NetworkPageFrame>
  )
}

/** Hosts on which silence is no comfort. */
function Unseen({ problems }: { readonly problems: ReadonlyArray<{ host: string; problem: string }> }) {
  if (problems.length === 0) return null
  return (
    <PanelBody>
      <Stack gap="xs">
        {problems.map(({ host, problem }) => (
          <Alert key={host} color="red" title={`Attacks could go unseen on ${host}`}>
            {problem}
          </Alert>
        ))}
      </Stack>
    </PanelBody>
  )
}

function Incidents(props: { readonly incidents: readonly Incident[]; readonly none: string }) {
  const now = useServerTime()
  if (props.incidents.length === 0)
    return (
      <PanelBody>
        <Text size="sm">{props.none}</Text>
      </PanelBody>
    )
  return (
    <DataTable label="Incidents" columns={COLUMNS} minWidth={920}>
      {props.incidents.map((incident) => (
        <Row key={incident.id} incident={incident} now={now} />
      ))}
    </DataTable>
  )
}

function Row({ incident, now }: { readonly incident: Incident; readonly now: Date }) {
  const { id, title, severity, apps, hosts, count, openedAt, lastAt } = incident
  return (
    <tr>
      <td>
        <StateBadge state={severityWord(severity)} />
      </td>
      <td>
        <Link to="/platform/network/incidents/$incident" params={{ incident: id }}>
          <bdi>{title}</bdi>
        </Link>
        <span className={cells.below}>on {hosts.join(', ')}</span>
      </td>
      <td className={cells.name}>
        <bdi>{whoWords(incident)}</bdi>
      </td>
      <td>{apps.length === 0 ? '–' : <bdi>{apps.join(', ')}</bdi>}</td>
      <td data-live>{count.toLocaleString('en')}</td>
      <Moment at={openedAt} now={now} />
      <Moment at={lastAt} now={now} />
      <td>
        <StateBadge state={stateWord(incident)} />
      </td>
    </tr>
  )
}

const Moment = ({ at, now }: { readonly at: string; readonly now: Date }) => (
  <td data-live className={cells.end} style={{ textAlign: 'start' }}>
    <time dateTime={at} title={momentWords(at)}>
      {ago(at, now)}
    </time>
  </td>
)

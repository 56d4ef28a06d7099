import { Anchor } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { HostView } from '#contract/host-view.ts'
import { hostRoutes } from '#contract/hosts.ts'
import { ago, counted } from '#runtime/kit/human-units.ts'
import { routeQuery } from '../api/route-query.ts'
import { DataTable } from '../app-shell/data-table.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'

const LOOK_EVERY_MS = 10_000
const COLUMNS = ['Host', 'Data centre', 'State', 'Instances', 'Address', 'Reported', 'Version']

/** The machines of the installation, by data centre. */
export function HostsPanel() {
  const query = useQuery({
    ...routeQuery({ kind: 'hosts' }, hostRoutes.list, {}),
    // The age of a report changes without an event.
    refetchInterval: LOOK_EVERY_MS,
  })
  return <Loaded query={query}>{({ hosts }) => <HostsTable hosts={hosts} />}</Loaded>
}

function HostsTable({ hosts }: { readonly hosts: readonly HostView[] }) {
  const centres = new Set(hosts.map(({ dataCentre }) => dataCentre)).size
  return (
    <Panel
      title="Hosts"
      note={`${counted(hosts.length, 'host')} in ${counted(centres, 'data centre')}`}
      actions={
        <Anchor component={Link} to="/platform/hosts" size="sm">
          What runs where
        </Anchor>
      }
    >
      <DataTable label="Hosts" columns={COLUMNS} minWidth={560}>
        {hosts.map((host) => (
          <HostRow key={host.name} host={host} />
        ))}
      </DataTable>
    </Panel>
  )
}

function HostRow({ host }: { readonly host: HostView }) {
  const now = useServerTime()
  return (
    <tr>
      <td>
        {host.name}
        {host.role === 'witness' && ' (witness)'}
      </td>
      <td>{host.dataCentre}</td>
      <td>
        <StateBadge state={host.state} />
      </td>
      <td data-live>{host.instances}</td>
      <td>{host.address}</td>
      <td data-live>{host.reportedAt === null ? 'never' : ago(host.reportedAt, now)}</td>
      <td>{host.version ?? '–'}</td>
    </tr>
  )
}

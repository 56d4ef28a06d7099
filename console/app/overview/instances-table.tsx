import type { Instance } from '#contract/apps.ts'
import { ago, bytes } from '#runtime/kit/human-units.ts'
import { DataTable } from '../../app-shell/data-table.tsx'
import { StateBadge } from '../../app-shell/state-badge.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import classes from '../cells.module.css'

const COLUMNS = ['Instance', 'State', 'Release', 'Memory', 'Restarts', 'Started', 'Host'] as const

/** What runs of an app now. */
export function InstancesTable({ instances }: { readonly instances: readonly Instance[] }) {
  return (
    <DataTable label="Instances" columns={COLUMNS} minWidth={640}>
      {instances.map((one) => (
        <InstanceRow key={`${one.id} ${one.release} ${one.host}`} instance={one} />
      ))}
    </DataTable>
  )
}

function InstanceRow({ instance: one }: { readonly instance: Instance }) {
  const now = useServerTime()
  return (
    <tr>
      <td className={classes.name}>{one.id}</td>
      <td>
        <StateBadge state={one.state} />
        {one.detail !== '' && <bdi className={classes.below}>{one.detail}</bdi>}
      </td>
      <td>v{one.release}</td>
      <td data-live>{one.memoryBytes === null ? '–' : bytes(one.memoryBytes)}</td>
      <td data-live>{one.restarts}</td>
      <td data-live>{one.startedAt === null ? '–' : ago(one.startedAt, now)}</td>
      <td className={classes.aside}>
        {one.host}
        {one.dataCentre !== null && <span className={classes.below}>{one.dataCentre}</span>}
      </td>
    </tr>
  )
}

import { appRoutes, type Release } from '#contract/apps.ts'
import { ago, bytes } from '#runtime/kit/human-units.ts'
import { call } from '../../api/api.ts'
import { ConfirmButton } from '../../app-shell/confirm-button.tsx'
import { DataTable } from '../../app-shell/data-table.tsx'
import { StateBadge } from '../../app-shell/state-badge.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import classes from '../cells.module.css'
import { useStartOperation } from '../use-start-operation.ts'

const COLUMNS = ['Release', 'State', 'Reason', 'Made', 'Kind', 'Size', '.Go back'] as const

/** Releases, newest first. */
export function ReleasesTable(props: { readonly app: string; readonly releases: readonly Release[] }) {
  return (
    <DataTable label="Releases" columns={COLUMNS} minWidth={700}>
      {props.releases.map((release) => (
        <ReleaseRow key={release.version} app={props.app} release={release} />
      ))}
    </DataTable>
  )
}

function ReleaseRow({ app, release }: { readonly app: string; readonly release: Release }) {
  const now = useServerTime()
  return (
    <tr>
      <td className={classes.name}>v{release.version}</td>
      <td>
        <StateBadge state={release.state} />
      </td>
      <td>
        <bdi>{release.reason}</bdi>
      </td>
      <td data-live>
        {ago(release.createdAt, now)}
        <bdi className={classes.below}>{release.createdBy}</bdi>
      </td>
      <td>{release.kind ?? '–'}</td>
      <td>{release.sizeBytes === null ? '–' : bytes(release.sizeBytes)}</td>
      <td className={classes.end}>
        {release.state === 'superseded' && <Rollback app={app} release={release} />}
      </td>
    </tr>
  )
}

function Rollback({ app, release }: { readonly app: string; readonly release: Release }) {
  const rollback = useStartOperation(app, () =>
    call(appRoutes.rollback, { params: { app }, body: { release: release.version } }),
  )
  return (
    <ConfirmButton
      label={`Go back to v${release.version}`}
      title={`Go back to v${release.version}?`}
      action={() => rollback.mutate()}
      pending={rollback.isPending}
      error={rollback.error}
    >
      A new release gets the code and the configuration of v{release.version}. The one that serves now goes on
      until the new one is healthy. The database stays as it is.
    </ConfirmButton>
  )
}

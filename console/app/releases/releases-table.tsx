import { Table, Text, VisuallyHidden } from '@mantine/core'
import { appRoutes, type Release } from '#contract/apps.ts'
import { ago, bytes } from '#runtime/kit/human-units.ts'
import { call } from '../../api/api.ts'
import { ConfirmButton } from '../../app-shell/confirm-button.tsx'
import { StateBadge } from '../../app-shell/state-badge.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import { useStartOperation } from '../use-start-operation.ts'

/** Releases, newest first. */
export function ReleasesTable(props: { readonly app: string; readonly releases: readonly Release[] }) {
  const now = useServerTime()
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            {['Release', 'State', 'Reason', 'Made', 'Kind', 'Size', ''].map((title) => (
              <Table.Th key={title}>{title || <VisuallyHidden>Action</VisuallyHidden>}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {props.releases.map((release) => (
            <Table.Tr key={release.version}>
              <Table.Td fw={600}>v{release.version}</Table.Td>
              <Table.Td>
                <StateBadge state={release.state} />
              </Table.Td>
              <Table.Td>
                <bdi>{release.reason}</bdi>
              </Table.Td>
              <Table.Td data-live>
                <Text size="sm">{ago(release.createdAt, now)}</Text>
                <Text size="xs" c="dimmed">
                  <bdi>{release.createdBy}</bdi>
                </Text>
              </Table.Td>
              <Table.Td>{release.kind ?? '–'}</Table.Td>
              <Table.Td>{release.sizeBytes === null ? '–' : bytes(release.sizeBytes)}</Table.Td>
              <Table.Td ta="end">
                {release.state === 'superseded' && <Rollback app={props.app} release={release} />}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
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

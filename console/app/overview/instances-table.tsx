import { Table, Text } from '@mantine/core'
import type { Instance } from '#contract/apps.ts'
import { ago, bytes } from '#runtime/kit/human-units.ts'
import { StateBadge } from '../../app-shell/state-badge.tsx'
import { useServerTime } from '../../live/use-server-time.ts'

const TITLES = ['Instance', 'State', 'Release', 'Memory', 'Restarts', 'Started', 'Host'] as const

/** What runs of an app now. */
export function InstancesTable({ instances }: { readonly instances: readonly Instance[] }) {
  const now = useServerTime()
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            {TITLES.map((title) => (
              <Table.Th key={title}>{title}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {instances.map((one) => (
            <Table.Tr key={`${one.id} ${one.release}`}>
              <Table.Td fw={600}>{one.id}</Table.Td>
              <Table.Td>
                <StateBadge state={one.state} />
                {one.detail !== '' && (
                  <Text size="xs" c="dimmed">
                    <bdi>{one.detail}</bdi>
                  </Text>
                )}
              </Table.Td>
              <Table.Td>v{one.release}</Table.Td>
              <Table.Td data-live>{one.memoryBytes === null ? '–' : bytes(one.memoryBytes)}</Table.Td>
              <Table.Td data-live>{one.restarts}</Table.Td>
              <Table.Td data-live>{one.startedAt === null ? '–' : ago(one.startedAt, now)}</Table.Td>
              <Table.Td>{one.host}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

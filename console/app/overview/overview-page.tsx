import { Table, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { ago, bytes } from '#runtime/kit/human-units.ts'
import { Loaded } from '../../app-shell/loaded.tsx'
import { StateBadge } from '../../app-shell/state-badge.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import { instancesQuery } from '../app-queries.ts'

/** What runs of an app now. */
export function OverviewPage() {
  const { app } = useParams({ from: '/signed-in/apps/$app/' })
  const query = useQuery(instancesQuery(app))
  const now = useServerTime()
  return (
    <>
      <Title order={2}>Instances</Title>
      <Loaded query={query}>
        {({ instances }) => (
          <Table.ScrollContainer minWidth={480}>
            <Table verticalSpacing="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Instance</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th>Release</Table.Th>
                  <Table.Th>Memory</Table.Th>
                  <Table.Th>Started</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {instances.map((one) => (
                  <Table.Tr key={`${one.id} ${one.release}`}>
                    <Table.Td>{one.id}</Table.Td>
                    <Table.Td>
                      <StateBadge state={one.state} /> <bdi>{one.detail}</bdi>
                    </Table.Td>
                    <Table.Td>v{one.release}</Table.Td>
                    <Table.Td data-live>{one.memoryBytes === null ? '–' : bytes(one.memoryBytes)}</Table.Td>
                    <Table.Td data-live>{one.startedAt === null ? '–' : ago(one.startedAt, now)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Loaded>
    </>
  )
}

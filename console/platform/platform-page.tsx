import { Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { platformRoutes } from '#contract/platform.ts'
import { bytes } from '#runtime/kit/human-units.ts'
import { routeQuery } from '../api/route-query.ts'
import { Loaded } from '../app-shell/loaded.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'

/** The platform's own components, for operators. */
export function PlatformPage() {
  const query = useQuery(routeQuery({ kind: 'platform' }, platformRoutes.status, {}))
  return (
    <Stack gap="lg">
      <Title order={1}>Platform</Title>
      <Loaded query={query}>
        {(status) => (
          <>
            <Text c="dimmed">
              {status.installation}, version {status.version}
            </Text>
            <Table.ScrollContainer minWidth={480}>
              <Table verticalSpacing="sm">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Component</Table.Th>
                    <Table.Th>State</Table.Th>
                    <Table.Th>Memory</Table.Th>
                    <Table.Th>Detail</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {status.components.map((one) => (
                    <Table.Tr key={one.component}>
                      <Table.Td>{one.component}</Table.Td>
                      <Table.Td>
                        <StateBadge state={one.state} />
                      </Table.Td>
                      <Table.Td data-live>{one.memoryBytes === null ? '–' : bytes(one.memoryBytes)}</Table.Td>
                      <Table.Td>
                        <bdi>{one.detail}</bdi>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </>
        )}
      </Loaded>
    </Stack>
  )
}

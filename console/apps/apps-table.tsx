import { Anchor, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { App } from '#contract/apps.ts'
import { StateBadge } from '../app-shell/state-badge.tsx'

/** Apps, one a row. */
export function AppsTable({ apps }: { readonly apps: readonly App[] }) {
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Release</Table.Th>
            <Table.Th>Instances</Table.Th>
            <Table.Th>Address</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {apps.map((app) => (
            <Table.Tr key={app.id}>
              <Table.Td>
                <Anchor component={Link} to={`/apps/${app.name}`} fw={600}>
                  {app.name}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <StateBadge state={app.state} />
              </Table.Td>
              <Table.Td data-live>{app.release === null ? '–' : `v${app.release}`}</Table.Td>
              <Table.Td data-live>
                {app.instances.running} of {app.instances.wanted}
              </Table.Td>
              <Table.Td>
                <Anchor href={app.url} size="sm">
                  <Text span truncate>
                    {app.url.replace('https://', '')}
                  </Text>
                </Anchor>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

import { Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { appRoutes } from '#contract/apps.ts'
import { routeQuery } from '../api/route-query.ts'
import { Loaded } from '../app-shell/loaded.tsx'
import { AppsTable } from './apps-table.tsx'
import { FirstApp } from './first-app.tsx'

/** The apps of one's teams. */
export function AppsPage() {
  const query = useQuery(routeQuery({ kind: 'apps' }, appRoutes.list, {}))
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="baseline">
        <Title order={1}>Apps</Title>
        {query.data && query.data.apps.length > 0 && (
          <Text size="sm" c="dimmed" data-live>
            {query.data.apps.length} in all
          </Text>
        )}
      </Group>
      <Loaded query={query}>
        {({ apps }) => (apps.length === 0 ? <FirstApp /> : <AppsTable apps={apps} />)}
      </Loaded>
    </Stack>
  )
}

import { Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { platformRoutes } from '#contract/platform.ts'
import { routeQuery } from '../api/route-query.ts'
import { Loaded } from '../app-shell/loaded.tsx'
import { usePageTitle } from '../app-shell/page-title.ts'
import { AuditPanel } from './audit-panel.tsx'
import { ComponentsPanel } from './components-panel.tsx'
import { DrillsPanel } from './drills-panel.tsx'
import { HostsPanel } from './hosts-panel.tsx'
import { NetworkPanel } from './network-panel.tsx'
import { PairPanel } from './pair-panel.tsx'
import { TrustPanel } from './trust-panel.tsx'

/** The platform itself, for operators. */
export function PlatformPage() {
  usePageTitle('Platform')
  const query = useQuery(routeQuery({ kind: 'platform' }, platformRoutes.status, {}))
  return (
    <Stack gap="lg">
      <div>
        <Title order={1}>Platform</Title>
        {query.data && (
          <Text size="sm" c="dimmed">
            {query.data.installation}, version {query.data.version}
          </Text>
        )}
      </div>
      <Loaded query={query}>{(status) => <ComponentsPanel status={status} />}</Loaded>
      <PairPanel />
      <HostsPanel />
      <NetworkPanel />
      <TrustPanel />
      <DrillsPanel />
      <AuditPanel />
    </Stack>
  )
}

import { Anchor, Group, Stack, Title } from '@mantine/core'
import { ExternalLinkIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { Outlet, useParams } from '@tanstack/react-router'
import type { App } from '#contract/apps.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { usePageTitle } from '../app-shell/page-title.ts'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { appQuery } from './app-queries.ts'
import { AppTabs } from './app-tabs.tsx'

/** Around every page of one app: its name, address and state, and the way to its other pages. */
export function AppLayout() {
  const { app: name } = useParams({ from: '/signed-in/apps/$app' })
  usePageTitle(name)
  const query = useQuery(appQuery(name))
  if (query.data === undefined && query.error !== null)
    return (
      <Stack gap="lg">
        <Title order={1}>
          <bdi>{name}</bdi>
        </Title>
        <ErrorNotice error={query.error} onTryAgain={() => void query.refetch()} />
      </Stack>
    )
  return (
    <Loaded query={query}>
      {(app) => (
        <Stack gap="lg">
          <AppHeader app={app} />
          <AppTabs app={app.name} />
          <Outlet />
        </Stack>
      )}
    </Loaded>
  )
}

function AppHeader({ app }: { readonly app: App }) {
  return (
    <Group justify="space-between" gap="sm">
      <Group gap="sm">
        <Title order={1}>
          <bdi>{app.name}</bdi>
        </Title>
        <StateBadge state={app.state} />
      </Group>
      <Anchor href={app.url} target="_blank" rel="noreferrer" size="sm">
        {app.url.replace('https://', '')} <ExternalLinkIcon aria-label="(opens in a new tab)" />
      </Anchor>
    </Group>
  )
}

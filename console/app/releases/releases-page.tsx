import { Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { CommandLine } from '../../app-shell/command-line.tsx'
import { Loaded } from '../../app-shell/loaded.tsx'
import { releasesQuery } from '../app-queries.ts'
import { ChartPlace } from '../charts/chart-place.tsx'
import { Section } from '../section.tsx'
import { ReleasesTable } from './releases-table.tsx'

const ReleasesChart = lazy(async () => ({
  default: (await import('./releases-chart.tsx')).ReleasesChart,
}))

/** Every release of an app, with the way back to each. */
export function ReleasesPage() {
  const { app } = useParams({ from: '/signed-in/apps/$app/releases' })
  const query = useQuery(releasesQuery(app))
  return (
    <Loaded query={query}>
      {({ releases }) =>
        releases.length === 0 ? (
          <Section title="No release yet" about="In the folder of the program:">
            <CommandLine command={`maru deploy --app ${app}`} />
          </Section>
        ) : (
          <Stack gap="xl">
            <Section title="Over time" about="Releases of the last 30 days, by day.">
              <Suspense fallback={<ChartPlace height={140} />}>
                <ReleasesChart releases={releases} />
              </Suspense>
            </Section>
            <Section
              title="Releases"
              about="Going back makes a new release with the code and the configuration of the old one."
            >
              <ReleasesTable app={app} releases={releases} />
            </Section>
            <Text size="sm" c="dimmed">
              From the command line: <code>maru rollback</code> or <code>maru rollback v3</code>.
            </Text>
          </Stack>
        )
      }
    </Loaded>
  )
}

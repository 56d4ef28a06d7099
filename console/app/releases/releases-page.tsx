import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import type { Release } from '#contract/apps.ts'
import { Loaded } from '../../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../../app-shell/panel.tsx'
import { releasesQuery } from '../app-queries.ts'
import { ChartPlace } from '../charts/chart-place.tsx'
import { FirstRelease } from '../first-release.tsx'
import { ReleasesTable } from './releases-table.tsx'

const ReleasesChart = lazy(async () => ({
  default: (await import('./releases-chart.tsx')).ReleasesChart,
}))

const PICTURE_PX = 150

/** Every release of an app, with the way back to each. */
export function ReleasesPage() {
  const { app } = useParams({ from: '/signed-in/apps/$app/releases' })
  const query = useQuery(releasesQuery(app))
  return (
    <Loaded query={query}>
      {({ releases }) =>
        releases.length === 0 ? <FirstRelease app={app} /> : <Releases app={app} releases={releases} />
      }
    </Loaded>
  )
}

function Releases(props: { readonly app: string; readonly releases: readonly Release[] }) {
  return (
    <Stack gap="lg">
      <Panel
        title="Releases"
        note={
          <>
            Going back makes a new release with the code and the configuration of the old one, as{' '}
            <code>maru rollback</code> does.
          </>
        }
      >
        <ReleasesTable {...props} />
      </Panel>
      <Panel title="Over time" note="Releases of the last 30 days, by day.">
        <PanelBody>
          <Suspense fallback={<ChartPlace height={PICTURE_PX} />}>
            <ReleasesChart releases={props.releases} height={PICTURE_PX} />
          </Suspense>
        </PanelBody>
      </Panel>
    </Stack>
  )
}

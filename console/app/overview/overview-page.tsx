import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { type App, appRoutes } from '#contract/apps.ts'
import { call } from '../../api/api.ts'
import { ConfirmButton } from '../../app-shell/confirm-button.tsx'
import { Loaded } from '../../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../../app-shell/panel.tsx'
import { appQuery, instancesQuery, releasesQuery } from '../app-queries.ts'
import { FirstRelease } from '../first-release.tsx'
import { OperationList } from '../operations/operation-list.tsx'
import { useStartOperation } from '../use-start-operation.ts'
import { InstancesTable } from './instances-table.tsx'
import { MetricsSection } from './metrics-section.tsx'
import { PathPicture } from './path-picture.tsx'
import { ScaleForm } from './scale-form.tsx'

/** An app at a glance: its way from the edge to the database, what it does, what runs of it. */
export function OverviewPage() {
  const { app: name } = useParams({ from: '/signed-in/apps/$app/' })
  const app = useQuery(appQuery(name)).data
  if (app === undefined) return null
  return (
    <Stack gap="lg">
      {app.release === null ? <FirstRelease app={app.name} /> : <Released app={app} release={app.release} />}
      <OperationList app={app.name} />
    </Stack>
  )
}

function Released({ app, release }: { readonly app: App; readonly release: number }) {
  const query = useQuery(instancesQuery(app.name))
  const serving = useQuery(releasesQuery(app.name)).data?.releases.find(({ version }) => version === release)
  const processes = Object.keys(serving?.processes ?? {}).filter((process) => process !== 'release')
  return (
    <>
      <Loaded query={query}>{({ instances }) => <PathPicture app={app} instances={instances} />}</Loaded>
      <MetricsSection app={app.name} />
      <Panel
        title="Instances"
        note="What runs now. Each process has as many as you say."
        actions={<Restart app={app.name} />}
      >
        <Loaded query={query}>
          {({ instances }) => (
            <div>
              <InstancesTable instances={instances} />
              <PanelBody>
                <ScaleForm app={app.name} processes={processes} release={release} instances={instances} />
              </PanelBody>
            </div>
          )}
        </Loaded>
      </Panel>
    </>
  )
}

function Restart({ app }: { readonly app: string }) {
  const restart = useStartOperation(app, () => call(appRoutes.restart, { params: { app } }))
  return (
    <ConfirmButton
      label="Restart"
      title={`Restart ${app}?`}
      action={() => restart.mutate()}
      pending={restart.isPending}
      error={restart.error}
    >
      Every instance is replaced by a new one of the same release. Requests go on being answered.
    </ConfirmButton>
  )
}

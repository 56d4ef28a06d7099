import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Loaded } from '../../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../../app-shell/panel.tsx'
import { configNamesQuery } from '../app-queries.ts'
import { ConfigForm } from './config-form.tsx'
import { DestroyApp } from './destroy-app.tsx'

/** The configuration of an app, and its end. */
export function ConfigPage() {
  const { app } = useParams({ from: '/signed-in/apps/$app/config' })
  const query = useQuery(configNamesQuery(app))
  return (
    <Stack gap="lg">
      <Panel
        title="Configuration"
        note="Values that the app finds in its environment. Saving makes a new release; the app goes on meanwhile."
      >
        <PanelBody>
          <Loaded query={query}>{({ names }) => <ConfigForm app={app} names={names} />}</Loaded>
        </PanelBody>
      </Panel>
      <DestroyApp app={app} />
    </Stack>
  )
}

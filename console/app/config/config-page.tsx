import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Loaded } from '../../app-shell/loaded.tsx'
import { configNamesQuery } from '../app-queries.ts'
import { Section } from '../section.tsx'
import { ConfigForm } from './config-form.tsx'
import { DestroyApp } from './destroy-app.tsx'

/** The configuration of an app, and its end. */
export function ConfigPage() {
  const { app } = useParams({ from: '/signed-in/apps/$app/config' })
  const query = useQuery(configNamesQuery(app))
  return (
    <Stack gap={48}>
      <Section
        title="Configuration"
        about="Values that the app finds in its environment. Saving makes a new release; the app goes on meanwhile."
      >
        <Loaded query={query}>{({ names }) => <ConfigForm app={app} names={names} />}</Loaded>
      </Section>
      <DestroyApp app={app} />
    </Stack>
  )
}

import { Progress, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { Database } from '#contract/data.ts'
import { bytes } from '#runtime/kit/human-units.ts'
import { CommandLine } from '../../app-shell/command-line.tsx'
import { Loaded } from '../../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../../app-shell/panel.tsx'
import { databaseQuery } from '../app-queries.ts'
import { Figure, Figures } from '../figure.tsx'
import { Credentials } from './credentials.tsx'
import { PairPicture } from './pair-picture.tsx'
import { versionText } from './version-text.ts'

/** How often a figure is asked for again while one looks: nothing announces a grown database. */
const LOOK_MS = 10_000

/** The database of an app. */
export function DatabasePage() {
  const { app } = useParams({ from: '/signed-in/apps/$app/database' })
  const query = useQuery({ ...databaseQuery(app), refetchInterval: LOOK_MS })
  return (
    <Loaded query={query}>
      {(database) => (
        <Stack gap="lg">
          <Panel title="Database" note="The app's own; no other app can open it.">
            <Facts database={database} />
            <PairPicture database={database} />
          </Panel>
          <Credentials app={app} database={database} />
          <FromTheCommandLine app={app} />
        </Stack>
      )}
    </Loaded>
  )
}

function Facts({ database }: { readonly database: Database }) {
  const { now, limit } = database.connections
  return (
    <Figures>
      <Figure name="Size" value={bytes(database.sizeBytes)} />
      <Figure name="Connections" value={`${now} of ${limit}`}>
        <Progress
          value={(100 * now) / limit}
          color={now >= 0.9 * limit ? 'red' : 'iris'}
          size="xs"
          mt={6}
          maw={180}
          aria-label={`${now} of ${limit} connections in use`}
        />
      </Figure>
      <Figure name="Version" value={versionText(database.version)} />
    </Figures>
  )
}

const FromTheCommandLine = ({ app }: { readonly app: string }) => (
  <Panel title="From the command line" note="psql runs beside the database, as the app's role.">
    <PanelBody>
      <Stack gap="sm" maw={720}>
        <Text size="sm">Ask it something:</Text>
        <CommandLine command={`maru db psql ${app}`} />
        <Text size="sm">Take a copy of everything in it:</Text>
        <CommandLine command={`maru db psql ${app} -- -qc '\\! pg_dump --clean --if-exists' > copy.sql`} />
      </Stack>
    </PanelBody>
  </Panel>
)

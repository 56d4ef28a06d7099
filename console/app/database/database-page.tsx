import { Progress, SimpleGrid, Stack, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { DATA_LIMITS, type Database, dataRoutes } from '#contract/data.ts'
import { ago, bytes } from '#runtime/kit/human-units.ts'
import { call } from '../../api/api.ts'
import { CommandLine } from '../../app-shell/command-line.tsx'
import { ConfirmButton } from '../../app-shell/confirm-button.tsx'
import { ErrorNotice } from '../../app-shell/error-notice.tsx'
import { Loaded } from '../../app-shell/loaded.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import { databaseQuery } from '../app-queries.ts'
import { Figure } from '../figure.tsx'
import { Section } from '../section.tsx'
import { useStartOperation } from '../use-start-operation.ts'
import { PairPicture } from './pair-picture.tsx'
import { ShowAddress } from './show-address.tsx'

/** How often a figure is asked for again while one looks: nothing announces a grown database. */
const LOOK_MS = 10_000

/** The database of an app. */
export function DatabasePage() {
  const { app } = useParams({ from: '/signed-in/apps/$app/database' })
  const query = useQuery({ ...databaseQuery(app), refetchInterval: LOOK_MS })
  return (
    <Loaded query={query}>
      {(database) => (
        <Stack gap="xl">
          <Section title="Database" about="Its own; no other app can open it.">
            <Figures database={database} />
            <PairPicture database={database} />
          </Section>
          <Credentials app={app} database={database} />
          <Section title="From the command line">
            <CommandLine command={`maru db psql ${app}`} />
            <CommandLine
              command={`maru db psql ${app} -- -qc '\\! pg_dump --clean --if-exists' > copy.sql`}
            />
          </Section>
        </Stack>
      )}
    </Loaded>
  )
}

function Figures({ database }: { readonly database: Database }) {
  const { now, limit } = database.connections
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <Figure name="Size" value={bytes(database.sizeBytes)} />
      <Figure name="Connections" value={`${now} of ${limit}`}>
        <Progress
          value={(100 * now) / limit}
          color={now >= 0.9 * limit ? 'red' : 'iris'}
          size="sm"
          aria-label={`${now} of ${limit} connections in use`}
        />
      </Figure>
      <Figure name="Version" value={`PostgreSQL ${database.version}`} />
    </SimpleGrid>
  )
}

function Credentials({ app, database }: { readonly app: string; readonly database: Database }) {
  const now = useServerTime()
  const rotate = useStartOperation(app, () => call(dataRoutes.rotate, { params: { app } }))
  const address = useMutation({ mutationFn: () => call(dataRoutes.url, { params: { app } }) })
  return (
    <Section
      title="Credentials"
      about={`The app finds them in DATABASE_URL. Made ${ago(database.rotatedAt, now)}.`}
      beside={
        <ConfirmButton
          label="Make new credentials"
          title="Make new credentials?"
          action={() => rotate.mutate()}
          pending={rotate.isPending}
          error={rotate.error}
        >
          The app gets them with a new release. The old ones go on for {DATA_LIMITS.rotationOverlapS / 60}{' '}
          minutes.
        </ConfirmButton>
      }
    >
      {address.error !== null && <ErrorNotice error={address.error} />}
      <ShowAddress
        url={address.data?.url}
        pending={address.isPending}
        onShow={() => address.mutate()}
        onHide={() => address.reset()}
      />
      <Text size="sm" c="dimmed">
        It leads to {database.host}, which only the instances of apps can reach.
      </Text>
    </Section>
  )
}

import { Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { DATA_LIMITS, type Database, dataRoutes } from '#contract/data.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { call } from '../../api/api.ts'
import { ConfirmButton } from '../../app-shell/confirm-button.tsx'
import { ErrorNotice } from '../../app-shell/error-notice.tsx'
import { Panel, PanelBody } from '../../app-shell/panel.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import { useStartOperation } from '../use-start-operation.ts'
import { ShowAddress } from './show-address.tsx'

/** How the app gets into its database: to see, and to make anew. */
export function Credentials({ app, database }: { readonly app: string; readonly database: Database }) {
  const now = useServerTime()
  const address = useMutation({ mutationFn: () => call(dataRoutes.url, { params: { app } }) })
  return (
    <Panel
      title="Credentials"
      note={`The app finds them in DATABASE_URL. Made ${ago(database.rotatedAt, now)}.`}
      actions={<MakeNew app={app} />}
    >
      <PanelBody>
        <Stack gap="sm" maw={720}>
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
        </Stack>
      </PanelBody>
    </Panel>
  )
}

function MakeNew({ app }: { readonly app: string }) {
  const rotate = useStartOperation(app, () => call(dataRoutes.rotate, { params: { app } }))
  return (
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
  )
}

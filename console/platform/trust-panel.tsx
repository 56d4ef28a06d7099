import { Button, Progress, Stack, Text } from '@mantine/core'
import { UpdateIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { type TrustReport, trustRoutes } from '#contract/trust.ts'
import { routeQuery } from '../api/route-query.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { CheckList } from './check-list.tsx'
import { useVerify } from './use-verify.ts'

/** How many promises are kept, and the way to have them all checked now. */
export function TrustPanel() {
  const query = useQuery(routeQuery({ kind: 'trust' }, trustRoutes.report, {}))
  const { verify, seen } = useVerify()
  return (
    <Panel
      title="Trust"
      note={
        <>
          Every promise with its evidence is on <a href="/trust">the Trust page</a>.
        </>
      }
      actions={
        <Button
          variant="default"
          leftSection={<UpdateIcon aria-hidden />}
          loading={verify.isPending}
          onClick={() => verify.mutate()}
        >
          Check again
        </Button>
      }
    >
      <PanelBody>
        <Stack gap="md">
          <Loaded query={query}>{(report) => <Kept report={report} />}</Loaded>
          {verify.error && <ErrorNotice error={verify.error} />}
          <CheckList seen={seen} isOver={!verify.isPending} />
        </Stack>
      </PanelBody>
    </Panel>
  )
}

function Kept({ report }: { readonly report: TrustReport }) {
  const all = report.promises.length
  return (
    <Stack gap={6}>
      <Text data-live>
        {report.kept} of {all} promises are kept now.
      </Text>
      <Progress value={(report.kept / all) * 100} color="teal" aria-label={`${report.kept} of ${all} kept`} />
    </Stack>
  )
}

import { Button, Group, Stack, Text } from '@mantine/core'
import type { Upstream, UpstreamState } from '#contract/upstream.ts'
import { upstreamRoutes } from '#contract/upstream-api.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { call } from '../api/api.ts'
import cells from '../app/cells.module.css'
import { CommandLine } from '../app-shell/command-line.tsx'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { DataTable } from '../app-shell/data-table.tsx'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import { automaticWords, howWords } from './upstream-words.ts'
import { useUpstreamChange } from './use-topic-change.ts'

const COLUMNS = ['Name', 'How it is told', 'State', 'What it is asked by itself', '.Actions'] as const
const BY_BGP =
  'maru network upstream add isp --own-as 64500 --neighbour 203.0.113.254 --neighbour-as 64496 --password-file isp.txt'
const BY_HOOK = 'maru network upstream add scrubber --url https://api.example.org/maru --secret-file hook.txt'

/** Who can drop traffic before it arrives, and whether they would hear of it. */
export function UpstreamProviders({ upstreams }: { readonly upstreams: readonly Upstream[] }) {
  return (
    <Panel
      title="Providers and partners"
      note="A provider hears by BGP what it should drop, a partner by a signed message. Secrets come from files, so they are set up by the command line."
    >
      {upstreams.length > 0 && (
        <DataTable label="Providers and partners" columns={COLUMNS} minWidth={860}>
          {upstreams.map((upstream) => (
            <Row key={upstream.name} upstream={upstream} />
          ))}
        </DataTable>
      )}
      <PanelBody>
        <Stack gap="sm" maw={720}>
          <Text size="sm">
            {upstreams.length === 0
              ? 'None is set up: what is too much for a host arrives there. A provider, and a partner, are set up so:'
              : 'Another one, and a partner:'}
          </Text>
          <CommandLine command={BY_BGP} />
          <CommandLine command={BY_HOOK} />
        </Stack>
      </PanelBody>
    </Panel>
  )
}

function Row({ upstream }: { readonly upstream: Upstream }) {
  const now = useServerTime()
  const { name, hosts, by, since, states, hasSecret, settings } = upstream
  const secret = settings.kind === 'bgp' && !hasSecret ? ', without a password' : ''
  return (
    <tr>
      <td className={cells.name}>
        {name}
        <bdi className={cells.below}>
          by {by}, {ago(since, now)}
        </bdi>
      </td>
      <td>
        <bdi>{howWords(upstream)}</bdi>
        <span className={cells.below}>
          {hosts.length === 0 ? 'for all hosts' : `for ${hosts.join(', ')}`}
          {secret}
        </span>
      </td>
      <td>
        {states.length === 0 && <Text size="sm">No host has said anything yet.</Text>}
        {states.map((state) => (
          <State key={state.host ?? ''} state={state} />
        ))}
      </td>
      <td>{automaticWords(upstream)}</td>
      <td className={cells.end}>
        <Actions name={name} />
      </td>
    </tr>
  )
}

const State = ({ state: { host, ok, detail } }: { readonly state: UpstreamState }) => (
  <div>
    <StateBadge state={ok ? 'ok' : 'down'} />
    <span className={cells.below} data-live>
      {host !== null && <bdi>{host}: </bdi>}
      <bdi>{detail}</bdi>
    </span>
  </div>
)

function Actions({ name }: { readonly name: string }) {
  const params = { upstream: name }
  const remove = useUpstreamChange(() => call(upstreamRoutes.remove, { params }))
  const test = useUpstreamChange(() => call(upstreamRoutes.test, { params }))
  return (
    <Stack gap={4} align="end">
      <Group gap={4} justify="end" wrap="nowrap">
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Test ${name}`}
          loading={test.isPending}
          onClick={() => test.mutate(undefined)}
        >
          Test
        </Button>
        <ConfirmButton
          label="Remove"
          title={`Forget ${name}?`}
          action={() => remove.mutate(undefined)}
          pending={remove.isPending}
          error={remove.error}
          look={{ color: 'red', variant: 'subtle', size: 'compact-sm' }}
        >
          What it drops for us arrives again, and it is asked for nothing more. Its secret is forgotten.
        </ConfirmButton>
      </Group>
      <Text size="xs" role="status">
        {test.data && (test.data.ok ? 'It hears us.' : 'It does not hear us: see its state.')}
      </Text>
      {test.error && <ErrorNotice error={test.error} />}
    </Stack>
  )
}

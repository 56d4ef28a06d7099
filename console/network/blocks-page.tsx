import { Alert, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { NetworkBlock } from '#contract/guard.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import { ago, elapsed } from '#runtime/kit/human-units.ts'
import { call } from '../api/api.ts'
import cells from '../app/cells.module.css'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { DataTable } from '../app-shell/data-table.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import { BlockForm } from './block-form.tsx'
import { EngagementsPanel } from './engagements-panel.tsx'
import { blocksQuery } from './network-queries.ts'
import { NetworkPageFrame } from './network-tabs.tsx'
import { PartnersPanel } from './partners-panel.tsx'
import classes from './rule-form.module.css'
import { useGuardChange } from './use-topic-change.ts'

const COLUMNS = ['Who', 'How', 'Why', 'Since', 'Until', '.Lift'] as const
const KEPT_FROM: Readonly<Record<NetworkBlock['kind'], string>> = {
  blocked: 'everything',
  held: 'all but the platform’s ports',
  instance: 'new connections of an instance',
  'sign-in': 'signing in',
}

/** Who is kept out of the hosts, and what was agreed on with others. */
export function BlocksPage() {
  return (
    <NetworkPageFrame title="Blocks">
      <BlocksPanel />
      <EngagementsPanel />
      <PartnersPanel />
    </NetworkPageFrame>
  )
}

function BlocksPanel() {
  const query = useQuery(blocksQuery)
  return (
    <Panel
      title="Kept out"
      note="Hosts hold whoever searches for ports or sends malformed packets, and the edge whoever guesses passwords, for a while; people block for as long as they say."
    >
      <Loaded query={query}>
        {({ blocks, problems }) => (
          <div>
            {problems.length > 0 && (
              <PanelBody>
                <Stack gap="xs">
                  {problems.map(({ host, problem }) => (
                    <Alert key={host} color="red" title={host}>
                      {problem}
                    </Alert>
                  ))}
                </Stack>
              </PanelBody>
            )}
            <Blocks blocks={blocks} />
          </div>
        )}
      </Loaded>
      <PanelBody>
        <div className={classes.below}>
          <BlockForm />
        </div>
      </PanelBody>
    </Panel>
  )
}

function Blocks({ blocks }: { readonly blocks: readonly NetworkBlock[] }) {
  if (blocks.length === 0)
    return (
      <PanelBody>
        <Text size="sm">Nobody is kept out.</Text>
      </PanelBody>
    )
  return (
    <DataTable label="Who is kept out" columns={COLUMNS} minWidth={760}>
      {blocks.map((block) => (
        <Block key={`${block.source} ${block.host}`} block={block} />
      ))}
    </DataTable>
  )
}

function Block({ block }: { readonly block: NetworkBlock }) {
  const now = useServerTime()
  const { source, kind, reason, host, by, since, until, times } = block
  const left =
    until === null ? 'it is lifted' : `in ${elapsed(Math.max(0, Date.parse(until) - now.getTime()))}`
  return (
    <tr>
      <td className={cells.name}>
        <bdi>{source}</bdi>
      </td>
      <td>
        <StateBadge state={kind} />
        <span className={cells.below}>
          from {KEPT_FROM[kind]}, {host ?? 'on all hosts'}
        </span>
      </td>
      <td>
        <bdi>{reason}</bdi>
        <span className={cells.below}>
          {by === null ? times > 1 && `${times} times within a day` : <bdi>by {by}</bdi>}
        </span>
      </td>
      <td data-live>{ago(since, now)}</td>
      <td data-live>{left}</td>
      <td className={cells.end}>
        <Lift source={source} />
      </td>
    </tr>
  )
}

function Lift({ source }: { readonly source: string }) {
  const lift = useGuardChange(() => call(guardRoutes.lift, { body: { source } }))
  return (
    <ConfirmButton
      label="Lift"
      title={`Let ${source} in again?`}
      action={() => lift.mutate(undefined)}
      pending={lift.isPending}
      error={lift.error}
      look={{ variant: 'subtle', size: 'compact-sm' }}
    >
      It may come in again on every host. If it searches for ports once more, it is held once more; name it as
      a partner if it never should be.
    </ConfirmButton>
  )
}

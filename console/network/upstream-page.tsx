import { Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ResponseOf } from '#contract/route.ts'
import type { BlackHole } from '#contract/upstream.ts'
import { upstreamRoutes } from '#contract/upstream-api.ts'
import { ago, elapsed } from '#runtime/kit/human-units.ts'
import { call } from '../api/api.ts'
import cells from '../app/cells.module.css'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { DataTable } from '../app-shell/data-table.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import { upstreamQuery } from './network-queries.ts'
import { NetworkPageFrame } from './network-tabs.tsx'
import classes from './rule-form.module.css'
import { leftMs } from './rule-state.ts'
import { UpstreamForm } from './upstream-form.tsx'
import { UpstreamProviders } from './upstream-providers.tsx'
import { UpstreamRates } from './upstream-rates.tsx'
import { useUpstreamChange } from './use-topic-change.ts'

/** Rates and sessions are not announced: they are asked for again while somebody looks. */
const LOOK_MS = 5_000
const COLUMNS = ['Address', 'Who drops it', 'Why', 'Since', 'Until', '.Withdraw'] as const

/** What is dropped before it arrives: what now, by whom, and what happens by itself. */
export function UpstreamPage() {
  const query = useQuery({ ...upstreamQuery, refetchInterval: LOOK_MS })
  return (
    <NetworkPageFrame title="Upstream">
      <Loaded query={query}>
        {(answer) => (
          <Stack gap="lg">
            <DroppedPanel answer={answer} />
            <UpstreamRates measured={answer.measured} />
            <UpstreamProviders upstreams={answer.upstreams} />
          </Stack>
        )}
      </Loaded>
    </NetworkPageFrame>
  )
}

function DroppedPanel({ answer }: { readonly answer: ResponseOf<typeof upstreamRoutes.list> }) {
  const { dropped, upstreams } = answer
  return (
    <Panel
      title="Off the net"
      note="An attack that fills the line is ended before the line: providers drop everything to an address, and the rest goes on. Each announcement ends by itself."
    >
      {dropped.length === 0 ? (
        <PanelBody>
          <Text size="sm">Nothing is dropped for us.</Text>
        </PanelBody>
      ) : (
        <DataTable label="What is off the net" columns={COLUMNS} minWidth={760}>
          {dropped.map((one) => (
            <Dropped key={one.id} one={one} />
          ))}
        </DataTable>
      )}
      {upstreams.length > 0 && (
        <PanelBody>
          <div className={classes.below}>
            <UpstreamForm known={answer} />
          </div>
        </PanelBody>
      )}
    </Panel>
  )
}

function Dropped({ one }: { readonly one: BlackHole }) {
  const now = useServerTime()
  const { address, upstream, only, reason, by, automatic, since, until } = one
  const left = elapsed(leftMs(until, now))
  return (
    <tr>
      <td className={cells.name}>
        {address}
        <span className={cells.below}>{only ?? 'everything'}</span>
      </td>
      <td>
        {upstream ?? 'all that bring it'}
        <span className={cells.below}>
          <StateBadge state={automatic ? 'by itself' : 'by hand'} />
        </span>
      </td>
      <td>
        <bdi>{reason}</bdi>
        <bdi className={cells.below}>by {by}</bdi>
      </td>
      <td data-live>{ago(since, now)}</td>
      <td data-live>in {left}</td>
      <td className={cells.end}>
        <Withdraw address={address} />
      </td>
    </tr>
  )
}

function Withdraw({ address }: { readonly address: string }) {
  const withdraw = useUpstreamChange(() => call(upstreamRoutes.withdraw, { params: { address } }))
  return (
    <ConfirmButton
      label="Withdraw"
      title={`Let everything to ${address} through again?`}
      action={() => withdraw.mutate(undefined)}
      pending={withdraw.isPending}
      error={withdraw.error}
      look={{ variant: 'subtle', size: 'compact-sm' }}
    >
      Every provider is asked to. If the attack goes on, it arrives again; a limit leaves the address alone
      for as long as it would have announced it.
    </ConfirmButton>
  )
}

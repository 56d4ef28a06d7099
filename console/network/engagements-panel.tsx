import { Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Engagement } from '#contract/guard.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import { call } from '../api/api.ts'
import cells from '../app/cells.module.css'
import { CommandLine } from '../app-shell/command-line.tsx'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { DataTable } from '../app-shell/data-table.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { engagementsQuery } from './network-queries.ts'
import { useGuardChange } from './use-topic-change.ts'

const EXAMPLE = 'maru network engagement add 203.0.113.7 --reference PT-7 --for 8h'

/** Penetration tests that were agreed on. */
export function EngagementsPanel() {
  const query = useQuery(engagementsQuery)
  return (
    <Panel
      title="Penetration tests"
      note="Within its time an agreed test is recorded and not held back; before and after, it is an attack like any other."
    >
      <Loaded query={query}>
        {({ engagements }) =>
          engagements.length === 0 ? (
            <PanelBody>
              <Stack gap="sm" maw={720}>
                <Text size="sm">None was agreed on. One begins so:</Text>
                <CommandLine command={EXAMPLE} />
              </Stack>
            </PanelBody>
          ) : (
            <DataTable
              label="Penetration tests"
              columns={['State', 'Who', 'Agreement', 'From', 'Until', '.End']}
              minWidth={680}
            >
              {engagements.map((engagement) => (
                <Row key={engagement.id} engagement={engagement} />
              ))}
            </DataTable>
          )
        }
      </Loaded>
    </Panel>
  )
}

const moment = (at: string) => `${at.slice(0, 16).replace('T', ' ')} UTC`

function Row({ engagement }: { readonly engagement: Engagement }) {
  const { id, source, reference, hosts, by, state, from, until } = engagement
  return (
    <tr>
      <td>
        {/* Not "over": for a promise's evidence that is bad news. */}
        <StateBadge state={state === 'over' ? 'ended' : state} />
      </td>
      <td className={cells.name}>{source}</td>
      <td>
        <bdi>{reference}</bdi>
        <bdi className={cells.below}>
          {id}, by {by}, {hosts.length === 0 ? 'on all hosts' : `on ${hosts.join(', ')}`}
        </bdi>
      </td>
      <td>{moment(from)}</td>
      <td data-live>{moment(until)}</td>
      <td className={cells.end}>{state !== 'over' && <End id={id} source={source} />}</td>
    </tr>
  )
}

function End({ id, source }: { readonly id: string; readonly source: string }) {
  const end = useGuardChange(() => call(guardRoutes.endEngagement, { params: { engagement: id } }))
  return (
    <ConfirmButton
      label="End"
      title={`End the test from ${source}?`}
      action={() => end.mutate(undefined)}
      pending={end.isPending}
      error={end.error}
      look={{ color: 'red', variant: 'subtle', size: 'compact-sm' }}
    >
      From then on it is held like any other attacker.
    </ConfirmButton>
  )
}

import { Anchor } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Figure, Figures } from '../app/figure.tsx'
import { Panel } from '../app-shell/panel.tsx'
import { blocksQuery, incidentsQuery, rulesQuery } from '../network/network-queries.ts'

/** The network in short; its pages say more. */
export function NetworkPanel() {
  const rules = useQuery(rulesQuery).data?.rules
  const open = useQuery(incidentsQuery('open')).data?.incidents
  const kept = useQuery(blocksQuery).data
  const made = rules?.filter(({ builtIn, approvedBy }) => !builtIn && approvedBy !== null)
  const waiting = rules?.filter(({ approvedBy }) => approvedBy === null)
  return (
    <Panel
      title="Network"
      note="What no rule allows is refused."
      actions={
        <Anchor component={Link} to="/platform/network" size="sm">
          Map, rules and blocks
        </Anchor>
      }
    >
      <Figures>
        <Figure name="Rules made by people" value={String(made?.length ?? '–')} />
        <Figure name="Waiting for approval" value={String(waiting?.length ?? '–')} />
        <Figure name="Incidents that go on" value={String(open?.length ?? '–')} />
        <Figure name="Kept out" value={String(kept?.blocks.length ?? '–')} />
        <Figure name="Hosts whose guard has a problem" value={String(kept?.problems.length ?? '–')} />
      </Figures>
    </Panel>
  )
}

import { Anchor } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { auditRoutes } from '#contract/audit.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { routeQuery } from '../api/route-query.ts'
import { Figure, Figures } from '../app/figure.tsx'
import { Panel } from '../app-shell/panel.tsx'
import { useServerTime } from '../live/use-server-time.ts'

/** Who did something last; the log says more. */
export function AuditPanel() {
  const now = useServerTime()
  const last = useQuery(routeQuery({ kind: 'audit' }, auditRoutes.list, { query: { limit: 1 } })).data
    ?.acts[0]
  return (
    <Panel
      title="Who did what"
      note="Every change, and every secret that was shown, is written down before it is done."
      actions={
        <Anchor component={Link} to="/platform/audit" size="sm">
          Audit log
        </Anchor>
      }
    >
      <Figures>
        <Figure name="Last act" value={last?.action ?? '–'} />
        <Figure name="By" value={last?.who ?? '–'} />
        <Figure name="When" value={last === undefined ? '–' : ago(last.at, now)} />
        <Figure name="Result" value={last?.result ?? '–'} />
      </Figures>
    </Panel>
  )
}

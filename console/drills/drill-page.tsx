import { Anchor, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { type DrillEntry, type DrillList, drillRoutes } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import { routeQuery } from '../api/route-query.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import facts from '../app-shell/facts.module.css'
import { Loaded } from '../app-shell/loaded.tsx'
import { usePageTitle } from '../app-shell/page-title.ts'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { useServerTime } from '../live/use-server-time.ts'
import classes from './drill-page.module.css'
import { stateOf } from './drill-state.ts'
import { drillsQuery } from './drills-page.tsx'
import { RunPanel } from './run-panel.tsx'
import { RunsTable } from './runs-table.tsx'
import { StartPanel } from './start-panel.tsx'

/** One drill: what it proves, how it is started, its last runs, and one of them with its time line. */
export function DrillPage() {
  const { drill: name } = useParams({ from: '/signed-in/platform/drills/$drill' })
  usePageTitle(name)
  const query = useQuery(drillsQuery)
  return (
    <Loaded query={query}>
      {(list) => {
        const drill = list.drills.find((one) => one.name === name)
        if (drill === undefined)
          return <ErrorNotice error={new MaruError('drills.unknown', { drill: name })} />
        return <Drill drill={drill} list={list} />
      }}
    </Loaded>
  )
}

function Drill({ drill, list }: { readonly drill: DrillEntry; readonly list: DrillList }) {
  const { run } = useSearch({ from: '/signed-in/platform/drills/$drill' })
  const now = useServerTime()
  const params = { drill: drill.name }
  const runs = useQuery(routeQuery({ kind: 'trust' }, drillRoutes.runs, { params }))
  const shown = run ?? drill.last?.id
  return (
    <Stack gap="lg">
      <div>
        <Anchor component={Link} to="/platform/drills" size="sm">
          Drills
        </Anchor>
        <Group gap="sm">
          <Title order={1} className={classes.name ?? ''}>
            {drill.name}
          </Title>
          <StateBadge state={stateOf(drill, now)} />
        </Group>
        <Text size="sm" c="dimmed">
          {drill.summary}
        </Text>
      </div>
      <StartPanel drill={drill} underWay={list.underWay} />
      {shown !== undefined && <RunPanel run={shown} isLast={shown === drill.last?.id} />}
      <About drill={drill} />
      <Panel title="Runs" note="Kept for 90 days; the last one for longer.">
        <Loaded query={runs}>{({ runs: all }) => <RunsTable runs={all} shown={shown} />}</Loaded>
      </Panel>
    </Stack>
  )
}

function About({ drill }: { readonly drill: DrillEntry }) {
  return (
    <Panel
      title="What it proves"
      note={`For ${drill.promises.join(', ')}; takes about ${drill.expectedS} s.`}
    >
      <PanelBody>
        <dl className={facts.facts}>
          <dt>Set-up</dt>
          <dd>{drill.setUp}</dd>
          <dt>Fault</dt>
          <dd>{drill.fault}</dd>
          <dt>Limits</dt>
          <dd>
            <ul className={classes.limits}>
              {drill.measures.map(({ name, limit, unit }) => (
                <li key={name}>
                  {name}: at most {limit} {unit}
                </li>
              ))}
            </ul>
          </dd>
        </dl>
      </PanelBody>
    </Panel>
  )
}

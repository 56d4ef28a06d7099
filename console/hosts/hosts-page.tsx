import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { HostWithInstances } from '#contract/host-view.ts'
import { hostRoutes } from '#contract/hosts.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { routeQuery } from '../api/route-query.ts'
import { Loaded } from '../app-shell/loaded.tsx'
import { usePageTitle } from '../app-shell/page-title.ts'
import { Panel } from '../app-shell/panel.tsx'
import { PartHead } from '../platform/part-head.tsx'
import { HostCard } from './host-card.tsx'
import classes from './hosts-page.module.css'

/** The age of a report changes without an event. */
const LOOK_EVERY_MS = 10_000

/** The map: data centres, their hosts, and what runs on each. */
export function HostsPage() {
  usePageTitle('Hosts')
  const query = useQuery({
    ...routeQuery({ kind: 'hosts' }, hostRoutes.map, {}),
    refetchInterval: LOOK_EVERY_MS,
  })
  return (
    <Stack gap="lg">
      <PartHead title="Hosts">
        The two instances of an app are in different data centres wherever there are two with room.
      </PartHead>
      <Loaded query={query}>
        {({ dataCentres }) => {
          const all = dataCentres.flatMap(({ hosts }) => hosts)
          return (
            <div className={classes.map}>
              {dataCentres.map((one) => (
                <DataCentre key={one.name} {...one} all={all} />
              ))}
            </div>
          )
        }}
      </Loaded>
    </Stack>
  )
}

function DataCentre(props: {
  readonly name: string
  readonly address: string | null
  readonly hosts: readonly HostWithInstances[]
  readonly all: readonly HostWithInstances[]
}) {
  const { name, address, hosts, all } = props
  const instances = hosts.reduce((sum, one) => sum + one.instances, 0)
  return (
    <Panel
      title={`Data centre ${name}`}
      note={
        <span data-live>
          {address !== null && `${address}, `}
          {counted(hosts.length, 'host')}, {counted(instances, 'instance')}
        </span>
      }
    >
      <ul className={classes.hosts} aria-label={`Hosts in ${name}`}>
        {hosts.map((host) => (
          <HostCard key={host.name} host={host} all={all} shared={address} />
        ))}
      </ul>
    </Panel>
  )
}

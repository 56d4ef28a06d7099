import { useQuery } from '@tanstack/react-query'
import { networkRoutes } from '#contract/network-api.ts'
import { call } from '../api/api.ts'
import { Loaded } from '../app-shell/loaded.tsx'
import { MapPanel } from './map-panel.tsx'
import { groupsQuery, rulesQuery } from './network-queries.ts'
import { NetworkPageFrame } from './network-tabs.tsx'

/** Who may reach whom on the whole installation. */
export function MapPage() {
  const query = useQuery(rulesQuery)
  const groups = useQuery(groupsQuery).data?.groups ?? []
  const apps = groups.find(({ group }) => group === 'apps')?.members ?? []
  return (
    <NetworkPageFrame title="Map">
      <Loaded query={query}>
        {({ rules }) => (
          <MapPanel
            title="Who may reach whom"
            rules={rules}
            apps={apps}
            ask={(question) => call(networkRoutes.explain, { query: question })}
          />
        )}
      </Loaded>
    </NetworkPageFrame>
  )
}

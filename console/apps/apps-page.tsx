import { Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type App, appRoutes } from '#contract/apps.ts'
import { routeQuery } from '../api/route-query.ts'
import { Loaded } from '../app-shell/loaded.tsx'
import { usePageTitle } from '../app-shell/page-title.ts'
import classes from './apps-page.module.css'
import type { AppsSearch } from './apps-search.ts'
import { AppsTable } from './apps-table.tsx'
import { FirstApp } from './first-app.tsx'
import { orderApps } from './order-apps.ts'
import { SearchField } from './search-field.tsx'

/** The apps of one's teams. */
export function AppsPage() {
  usePageTitle('Apps')
  const query = useQuery(routeQuery({ kind: 'apps' }, appRoutes.list, {}))
  return (
    <Loaded query={query}>{({ apps }) => (apps.length === 0 ? <FirstApp /> : <Apps apps={apps} />)}</Loaded>
  )
}

/** What is looked for stands in the address: it survives a reload, and can be sent to others. */
function Apps({ apps }: { readonly apps: readonly App[] }) {
  const { find = '', by = 'name', down = false } = useSearch({ from: '/signed-in/' })
  const navigate = useNavigate({ from: '/' })
  const view = { find, by, down }
  const show = (change: AppsSearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  const shown = orderApps(apps, view)
  return (
    <Stack gap="md">
      <div className={classes.head}>
        <Title order={1}>Apps</Title>
        <SearchField
          value={find}
          onChange={(text) => show({ find: text || undefined })}
          found={find === '' ? `${apps.length}` : `${shown.length} of ${apps.length}`}
        />
      </div>
      <AppsTable
        apps={shown}
        view={view}
        onOrder={(order) => show({ by: order, down: (order === by && !down) || undefined })}
      />
    </Stack>
  )
}

import { Group, Stack, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { auditRoutes } from '#contract/audit.ts'
import { routeQuery } from '../api/route-query.ts'
import { Loaded } from '../app-shell/loaded.tsx'
import { usePageTitle } from '../app-shell/page-title.ts'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { PartHead } from '../platform/part-head.tsx'
import { ActsTable } from './acts-table.tsx'
import { AuditFilter } from './audit-filter.tsx'
import { type AuditSearch, auditQueryOf, PAGE } from './audit-search.ts'

/** Who did what, when, to what, and what came of it, for operators. */
export function AuditPage() {
  usePageTitle('Audit log')
  const search = useSearch({ from: '/signed-in/platform/audit' })
  const asked = routeQuery({ kind: 'audit' }, auditRoutes.list, { query: auditQueryOf(search) })
  const query = useQuery({ ...asked, placeholderData: keepPreviousData })
  return (
    <Stack gap="lg">
      <PartHead title="Audit log">
        Everything that changes something or shows a secret, written down before it is done, also what was
        refused. Nobody can change it; it is kept for 400 days.
      </PartHead>
      <Panel title="Who did what" note="The newest first. Times are UTC.">
        <PanelBody>
          <AuditFilter key={JSON.stringify({ ...search, before: 0 })} search={search} />
        </PanelBody>
        <Loaded query={query}>
          {({ acts }) => (
            <div>
              <ActsTable acts={acts.slice(0, PAGE)} />
              <Pages search={search} next={acts.length > PAGE ? acts[PAGE - 1]?.id : undefined} />
            </div>
          )}
        </Loaded>
      </Panel>
    </Stack>
  )
}

/** The way to what is older, and back to the newest. */
function Pages({ search, next }: { readonly search: AuditSearch; readonly next: number | undefined }) {
  const { before, ...newest } = search
  if (before === undefined && next === undefined) return null
  return (
    <PanelBody>
      <Group component="nav" aria-label="Pages of the log" gap="lg" pt="sm">
        {before !== undefined && (
          <Link to="/platform/audit" search={newest}>
            The newest
          </Link>
        )}
        {next === undefined ? (
          <Text size="sm" c="dimmed">
            Nothing older
          </Text>
        ) : (
          <Link to="/platform/audit" search={{ ...newest, before: next }}>
            Older
          </Link>
        )}
      </Group>
    </PanelBody>
  )
}

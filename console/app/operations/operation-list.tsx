import { Anchor, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ago, elapsed } from '#runtime/kit/human-units.ts'
import { Loaded } from '../../app-shell/loaded.tsx'
import { StateBadge } from '../../app-shell/state-badge.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import { operationsQuery } from '../app-queries.ts'
import { Section } from '../section.tsx'
import { TITLES } from './operation-titles.ts'

const SHOWN = 8

/** The latest things that were done with an app; each leads to its log. */
export function OperationList({ app }: { readonly app: string }) {
  const query = useQuery(operationsQuery(app))
  const now = useServerTime()
  return (
    <Section title="Activity">
      <Loaded query={query}>
        {({ operations }) =>
          operations.length === 0 ? (
            <Text c="dimmed">Nothing was done with this app yet.</Text>
          ) : (
            <Table.ScrollContainer minWidth={420}>
              <Table verticalSpacing="xs">
                <Table.Tbody>
                  {operations.slice(0, SHOWN).map((one) => (
                    <Table.Tr key={one.id}>
                      <Table.Td>
                        <Anchor component={Link} to={`/apps/${app}/operations/${one.id}`} size="sm" fw={550}>
                          {TITLES[one.kind]}
                          {one.release !== null && ` v${one.release}`}
                        </Anchor>
                      </Table.Td>
                      <Table.Td>
                        <StateBadge state={one.state} />
                      </Table.Td>
                      <Table.Td data-live>{ago(one.createdAt, now)}</Table.Td>
                      <Table.Td>
                        {one.finishedAt !== null &&
                          elapsed(Date.parse(one.finishedAt) - Date.parse(one.createdAt))}
                      </Table.Td>
                      <Table.Td>
                        <bdi>{one.createdBy}</bdi>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </Loaded>
    </Section>
  )
}

import { Button, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Token } from '#contract/accounts.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { Loaded } from '../../app-shell/loaded.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import { RevokeDialog } from './revoke-dialog.tsx'
import { tokensQuery } from './tokens-query.ts'

/** The tokens that exist, with the way to end each. */
export function TokenList() {
  const query = useQuery(tokensQuery)
  const [revoking, setRevoking] = useState<Token | null>(null)
  return (
    <>
      <Loaded query={query}>
        {({ tokens }) =>
          tokens.length === 0 ? (
            <Text size="sm">There is none yet.</Text>
          ) : (
            <TokenTable tokens={tokens} onRevoke={setRevoking} />
          )
        }
      </Loaded>
      <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />
    </>
  )
}

function TokenTable(props: { readonly tokens: readonly Token[]; readonly onRevoke: (token: Token) => void }) {
  const now = useServerTime()
  return (
    <Table.ScrollContainer minWidth={520}>
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Made</Table.Th>
            <Table.Th>Last used</Table.Th>
            <Table.Th>Expires</Table.Th>
            <Table.Td />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {props.tokens.map((token) => (
            <Table.Tr key={token.id}>
              <Table.Td>
                <bdi>{token.name}</bdi>
              </Table.Td>
              <Table.Td>{ago(token.createdAt, now)}</Table.Td>
              <Table.Td>{token.lastUsedAt === null ? 'never' : ago(token.lastUsedAt, now)}</Table.Td>
              <Table.Td>{token.expiresAt.slice(0, 10)}</Table.Td>
              <Table.Td ta="right">
                <Button
                  size="compact-sm"
                  variant="subtle"
                  color="red"
                  aria-label={`Revoke ${token.name}`}
                  onClick={() => props.onRevoke(token)}
                >
                  Revoke
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

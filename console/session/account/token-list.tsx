import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Token } from '#contract/accounts.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { DataTable } from '../../app-shell/data-table.tsx'
import { Loaded } from '../../app-shell/loaded.tsx'
import { PanelBody } from '../../app-shell/panel.tsx'
import { useServerTime } from '../../live/use-server-time.ts'
import { RevokeToken } from './revoke-token.tsx'
import { tokensQuery } from './tokens-query.ts'

/** The tokens that exist, with the way to end each. */
export function TokenList() {
  const query = useQuery(tokensQuery)
  return (
    <Loaded query={query}>
      {({ tokens }) =>
        tokens.length === 0 ? (
          <PanelBody>
            <Text size="sm">There is none yet.</Text>
          </PanelBody>
        ) : (
          <TokenTable tokens={tokens} />
        )
      }
    </Loaded>
  )
}

function TokenTable({ tokens }: { readonly tokens: readonly Token[] }) {
  const now = useServerTime()
  return (
    <DataTable label="Tokens" columns={['Name', 'Made', 'Last used', 'Expires', '.Revoke']} minWidth={520}>
      {tokens.map((token) => (
        <tr key={token.id}>
          <td>
            <bdi>{token.name}</bdi>
          </td>
          <td>{ago(token.createdAt, now)}</td>
          <td>{token.lastUsedAt === null ? 'never' : ago(token.lastUsedAt, now)}</td>
          <td>{token.expiresAt.slice(0, 10)}</td>
          <td align="right">
            <RevokeToken token={token} />
          </td>
        </tr>
      ))}
    </DataTable>
  )
}

import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Token } from '#contract/accounts.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { DataTable } from '../../app-shell/data-table.tsx'
import { Loaded } from '../../app-shell/loaded.tsx'
import { PanelBody } from '../../app-shell/panel.tsx'
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
            <PanelBody>
              <Text size="sm">There is none yet.</Text>
            </PanelBody>
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
    <DataTable label="Tokens" columns={['Name', 'Made', 'Last used', 'Expires', '.Revoke']} minWidth={520}>
      {props.tokens.map((token) => (
        <tr key={token.id}>
          <td>
            <bdi>{token.name}</bdi>
          </td>
          <td>{ago(token.createdAt, now)}</td>
          <td>{token.lastUsedAt === null ? 'never' : ago(token.lastUsedAt, now)}</td>
          <td>{token.expiresAt.slice(0, 10)}</td>
          <td align="right">
            <Button
              size="compact-sm"
              variant="subtle"
              color="red"
              aria-label={`Revoke ${token.name}`}
              onClick={() => props.onRevoke(token)}
            >
              Revoke
            </Button>
          </td>
        </tr>
      ))}
    </DataTable>
  )
}

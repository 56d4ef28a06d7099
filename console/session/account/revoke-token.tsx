import { useMutation, useQueryClient } from '@tanstack/react-query'
import { accountRoutes, type Token } from '#contract/accounts.ts'
import { call } from '../../api/api.ts'
import { ConfirmButton } from '../../app-shell/confirm-button.tsx'
import { tokensQuery } from './tokens-query.ts'

/** Ends a token, once its name was typed. */
export function RevokeToken({ token }: { readonly token: Token }) {
  const queries = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => call(accountRoutes.revokeToken, { params: { token: token.id } }),
    onSuccess: () => queries.invalidateQueries(tokensQuery),
  })
  return (
    <ConfirmButton
      label="Revoke"
      title="Revoke this token"
      name={token.name}
      action={() => revoke.mutate()}
      pending={revoke.isPending}
      error={revoke.error}
      look={{ color: 'red', variant: 'subtle', size: 'compact-sm' }}
    >
      Whoever uses it is refused from now on. It can't be brought back.
    </ConfirmButton>
  )
}

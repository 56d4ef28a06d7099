import { useMutation, useQueryClient } from '@tanstack/react-query'
import { accountRoutes, type Token } from '#contract/accounts.ts'
import { call } from '../../api/api.ts'
import { ConfirmDialog } from '../../app-shell/confirm-dialog.tsx'
import { tokensQuery } from './tokens-query.ts'

/** Asks before a token ends. */
export function RevokeDialog({
  token,
  onClose,
}: {
  readonly token: Token | null
  readonly onClose: () => void
}) {
  const queries = useQueryClient()
  const revoke = useMutation({
    mutationFn: ({ id }: Token) => call(accountRoutes.revokeToken, { params: { token: id } }),
    onSuccess: async () => {
      onClose()
      await queries.invalidateQueries(tokensQuery)
    },
  })
  return (
    <ConfirmDialog
      subject={token?.name ?? null}
      title="Revoke this token"
      consequence="Whoever uses it is refused from now on. It can't be brought back."
      action="Revoke"
      isPending={revoke.isPending}
      error={revoke.error}
      onConfirm={() => token && revoke.mutate(token)}
      onClose={() => {
        revoke.reset()
        onClose()
      }}
    />
  )
}

import { accountRoutes, type Token } from '#contract/accounts.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { TokenId } from '#contract/ids.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'
import { ago } from '#runtime/kit/human-units.ts'

/** `maru tokens list` */
export async function list(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(accountRoutes.tokens, {})
  const row = (token: Token) => [
    token.id,
    token.name,
    ago(token.createdAt, context.now()),
    token.lastUsedAt === null ? 'never' : ago(token.lastUsedAt, context.now()),
    token.expiresAt.slice(0, 10),
  ]
  const columns = ['TOKEN', 'NAME', 'MADE', 'LAST USED', 'EXPIRES'].map((title) => ({ title }))
  out.result(answer, () =>
    answer.tokens.length === 0
      ? noTokens(api.endpoint.kind === 'socket')
      : out.table(columns, answer.tokens.map(row)),
  )
}

const noTokens = (isRoot: boolean) =>
  isRoot
    ? 'Root on the host needs no tokens. With --remote: those of the account that is signed in.\n'
    : 'No tokens. `maru tokens create NAME` makes one.\n'

/** `maru tokens create` */
export async function create(
  context: CliContext,
  name: string,
  options: ApiOptions & { readonly days: string },
): Promise<void> {
  if (!/^\d{1,4}$/.test(options.days))
    throw new MaruError('invalid', { field: '--days', reason: 'must be a whole number' })
  const { api, out } = await openSession(context, options)
  const made = await api.call(accountRoutes.createToken, { body: { name, days: Number(options.days) } })
  out.note(`Token ${made.token.id}, until ${made.token.expiresAt.slice(0, 10)}. It is shown this once:`)
  out.result(made, () => `${made.secret}\n`)
}

/** `maru tokens revoke` */
export async function revoke(context: CliContext, id: string, options: ApiOptions): Promise<void> {
  const token = parseWith(TokenId, id, 'ID')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(accountRoutes.revokeToken, { params: { token } })
  out.result(answer, () => `Revoked ${token}.\n`)
}

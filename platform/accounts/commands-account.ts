import { accountRoutes } from '#contract/accounts.ts'
import { MaruError } from '#contract/errors.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { loadLogin, loginFile, removeLogin } from '#runtime/cli/login-file.ts'
import { makeOutput } from '#runtime/cli/output.ts'
import { openSession } from '#runtime/cli/session.ts'
import { renderPairs } from '#runtime/cli/table.ts'
import { nameOf } from '#runtime/cli/transport.ts'

/** A token that the server no longer knows needs no revoking. */
const isGone = (error: unknown) =>
  error instanceof MaruError && ['unauthenticated', 'accounts.token_not_found'].includes(error.code)

/** `maru logout` */
export async function logout(context: CliContext, options: Pick<ApiOptions, 'json'>): Promise<void> {
  const out = makeOutput(context, options)
  const file = loginFile(context.env)
  const saved = await loadLogin(file)
  if (saved === undefined)
    return out.result({ loggedOut: false }, () => 'You are not signed in: nothing to do.\n')
  const client = makeClient({ kind: 'https', url: saved.url, ca: saved.ca, token: saved.token })
  try {
    await client.call(accountRoutes.revokeToken, { params: { token: saved.tokenId } })
  } catch (error) {
    if (!isGone(error)) throw error
  }
  await removeLogin(file)
  out.result({ loggedOut: true, url: saved.url }, () => `Signed out of ${saved.url}; the token is revoked.\n`)
}

/** `maru whoami` */
export async function whoami(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const me = await api.call(accountRoutes.me, {})
  out.result(me, () =>
    renderPairs([
      ['Name', me.name],
      ...(me.email === null ? [] : [['E-mail', me.email] as const]),
      ['Operator', me.operator ? 'yes' : 'no'],
      ...me.teams.map((team) => ['Team', `${team.name} (${team.role})`] as const),
      ['Through', nameOf(api.endpoint)],
    ]),
  )
}

import type { Principal } from '#contract/access.ts'
import type { accountRoutes, Me } from '#contract/accounts.ts'
import { MaruError } from '#contract/errors.ts'
import { urlOf } from '#contract/installation.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import type { AuthSettings } from './better-auth.ts'
import { logIn } from './login.ts'
import { beginSession, endSession, issueSession } from './sessions.ts'
import { makeSetupLink, takeSetup } from './setup.ts'
import { deleteToken, findEmail, listTokens, loadTeamNames } from './store.ts'
import { issueToken } from './tokens.ts'

/** Handlers of the accounts routes; `authSecret` signs what better-auth signs. */
export function accountHandlers(authSecret: string): Handlers<typeof accountRoutes> {
  const settings = ({ config }: ServerDeps): AuthSettings => ({
    url: urlOf(config.installation),
    secret: authSecret,
  })
  return {
    setup: async ({ body }, deps) =>
      await takeSetup(deps, settings(deps), body, (tx, userId) =>
        issueToken(tx, { userId, name: body.tokenName, now: deps.now() }),
      ),
    login: async ({ body, source }, deps) =>
      await logIn(deps, settings(deps), { ...body, source }, (tx, userId) =>
        issueToken(tx, { userId, name: body.tokenName, now: deps.now() }),
      ),
    signIn: async ({ body, source, session }, deps) => {
      const secret = await logIn(deps, settings(deps), { ...body, source }, (tx, userId) =>
        issueSession(tx, userId, deps.now()),
      )
      return await describe(deps, await beginSession(deps, secret, session))
    },
    signInBySetup: async ({ body, session }, deps) => {
      const secret = await takeSetup(deps, settings(deps), body, (tx, userId) =>
        issueSession(tx, userId, deps.now()),
      )
      return await describe(deps, await beginSession(deps, secret, session))
    },
    signOut: async ({ session }, deps) => {
      await endSession(deps, session)
      return { ended: true }
    },
    me: async ({ principal }, deps) => await describe(deps, principal),
    tokens: async ({ principal }, { db, now }) => ({
      tokens: await read(() => listTokens(db, principal.id, now())),
    }),
    createToken: async ({ principal, body }, { db, now }) => {
      // Root needs no token: whoever is root on the host has the socket.
      if (principal.kind !== 'user') throw new MaruError('accounts.root_has_no_tokens')
      const request = { userId: principal.id, name: body.name, days: body.days, now: now() }
      return await transact(db, (tx) => issueToken(tx, request))
    },
    revokeToken: async ({ principal, params }, { db }) => {
      const revoked = await read(() => deleteToken(db, principal.id, params.token))
      if (!revoked) throw new MaruError('accounts.token_not_found', { token: params.token })
      return { revoked: true }
    },
    setupLink: async (_call, deps) => await makeSetupLink(deps),
  }
}

async function describe({ db }: ServerDeps, principal: Principal): Promise<Me> {
  const isUser = principal.kind === 'user'
  const email = isUser ? await read(() => findEmail(db, principal.id)) : undefined
  const ids = principal.teams.map(({ teamId }) => teamId)
  const names = await read(() => loadTeamNames(db, ids))
  return {
    kind: isUser ? 'user' : 'root',
    id: principal.id,
    name: principal.name,
    email: email ?? null,
    operator: principal.operator,
    teams: principal.teams.map(({ teamId, role }) => ({
      id: teamId,
      name: names.get(teamId) ?? teamId,
      role,
    })),
  }
}

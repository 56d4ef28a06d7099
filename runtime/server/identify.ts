import type { FastifyRequest } from 'fastify'
import type { Principal } from '#contract/access.ts'
import { MaruError } from '#contract/errors.ts'
import type { Route } from '#contract/route.ts'
import type { Attempts } from './attempts.ts'
import { type AccessLookups, ANONYMOUS } from './authorize.ts'
import { sessionSecretOf } from './browser-session.ts'
import { makeRateLimit, RATE_LIMITS } from './rate-limit.ts'

export type Identify = (request: FastifyRequest, route: Route) => Promise<Principal>

/**
 * Who asks, within the rate limits: by bearer token, or by the session of a browser. A token that is no longer valid is
 * refused even where none would be needed: whoever sends one believes in being signed in. A cookie is sent by the
 * browser unasked, so an old one only means that nobody is signed in, and public routes don't look at it.
 */
export function identifyCaller(
  { principalOf, principalOfSession }: Pick<AccessLookups, 'principalOf' | 'principalOfSession'>,
  origin: string,
  attempts: Pick<Attempts, 'take'>,
  nowMs: () => number = () => performance.now(),
): { readonly identify: Identify; readonly recognise: Identify } {
  const bySource = makeRateLimit(RATE_LIMITS.sourcePerMinute, nowMs)
  const byPrincipal = makeRateLimit(RATE_LIMITS.principalPerMinute, nowMs)
  const recognise: Identify = async (request, route) => {
    const token = bearerOf(request.headers.authorization)
    const principal = token === undefined ? await bySession(request, route) : await principalOf(token)
    if (!principal) throw new MaruError('unauthenticated')
    return principal
  }
  const identify: Identify = async (request, route) => {
    bySource.take(request.ip)
    if (takesSecret(route)) await attempts.take(request.ip)
    const principal = await recognise(request, route)
    if (principal.kind !== 'anonymous') byPrincipal.take(principal.id)
    return principal
  }
  async function bySession(request: FastifyRequest, { access }: Route): Promise<Principal> {
    const secret = access.resource === 'public' ? undefined : sessionSecretOf(request, origin)
    return (secret === undefined ? undefined : await principalOfSession(secret)) ?? ANONYMOUS
  }
  return { identify, recognise }
}

/** Set-up and sign-in: what anyone may create is made out of a secret, so these are where guessing happens. */
const takesSecret = ({ access }: Route) => access.resource === 'public' && access.action === 'create'

function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const token = /^Bearer ([^\s]+)$/i.exec(header)?.[1]
  if (token === undefined) throw new MaruError('unauthenticated')
  return token
}

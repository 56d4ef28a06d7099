import { mayDo, type Principal } from '#contract/access.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { AppName, OperationId } from '#contract/ids.ts'
import type { Route } from '#contract/route.ts'

/** What authorization has to look up; each answer comes from the capability that knows. */
export interface AccessLookups {
  /** Who a bearer token belongs to; undefined when it is unknown, expired or revoked. */
  readonly principalOf: (token: string) => Promise<Principal | undefined>
  /** Whose browser session it is, by the content of its cookie; undefined when it is unknown, over or ended. */
  readonly principalOfSession: (secret: string) => Promise<Principal | undefined>
  readonly teamOfApp: (app: string) => Promise<string | undefined>
  readonly teamOfOperation: (operation: string) => Promise<string | undefined>
}

/** Owner of the operations that are about the platform itself. */
const PLATFORM_TEAM = 'platform'

type Lookup = Pick<AccessLookups, 'teamOfApp' | 'teamOfOperation'>
type Params = Readonly<Record<string, unknown>>

/** Someone who has shown nothing. */
export const ANONYMOUS: Principal = {
  kind: 'anonymous',
  id: '',
  name: 'anonymous',
  operator: false,
  teams: [],
}

/**
 * The one place where access is decided, before any handler runs. What the table does not allow is refused; an app
 * of another team is answered exactly like one that does not exist.
 */
export async function authorize(
  principal: Principal,
  route: Pick<Route, 'access'>,
  params: Params,
  lookups: Lookup,
): Promise<void> {
  const { resource, action } = route.access
  if (resource !== 'public' && principal.kind === 'anonymous') throw new MaruError('unauthenticated')
  const teamId = await ownerOf(principal, resource, params, lookups)
  if (teamId === PLATFORM_TEAM) return
  if (!mayDo(principal, resource, action, teamId)) throw new MaruError('forbidden', { action, resource })
}

async function ownerOf(
  principal: Principal,
  resource: Route['access']['resource'],
  params: Params,
  lookups: Lookup,
): Promise<string | undefined> {
  if (resource !== 'app' && resource !== 'operation') return undefined
  // Checked before the database sees it: a name that cannot be one is the caller's mistake.
  const name: string = parseWith(resource === 'app' ? AppName : OperationId, params[resource], resource)
  const teamId = await (resource === 'app' ? lookups.teamOfApp(name) : lookups.teamOfOperation(name))
  // What is about the platform itself is its operators' matter, and of nobody else.
  if (teamId === PLATFORM_TEAM && mayDo(principal, 'platform', 'read')) return teamId
  // Only a member may learn that it exists.
  if (teamId !== undefined && mayDo(principal, resource, 'read', teamId)) return teamId
  if (resource === 'app') throw new MaruError('apps.not_found', { app: name })
  throw new MaruError('operations.not_found', { operation: name })
}

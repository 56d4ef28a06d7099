import { z } from 'zod'

/** Roles inside a team, strongest first. */
export const TeamRole = z.enum(['owner', 'developer', 'viewer'])
export type TeamRole = z.infer<typeof TeamRole>

/**
 * Who asks. `root` is root on the host over the local socket (checked by peer credentials); it acts as an
 * operator and as owner of the installation's first team, never of another.
 */
export interface Principal {
  readonly kind: 'anonymous' | 'user' | 'root'
  /** `root` for the local root, the user's id otherwise, empty for anonymous. */
  readonly id: string
  readonly name: string
  readonly operator: boolean
  readonly teams: ReadonlyArray<{ readonly teamId: string; readonly role: TeamRole }>
}

/**
 * What a route touches.
 * - `public`: no identity needed (health, root certificate, set-up, login).
 * - `self`: the signed-in person's own things (tokens, who-am-I).
 * - `platform`: the installation; operators only.
 * - `team`: things that belong to a team but to no app (list of apps, new app).
 * - `app`: one app; the path parameter `app` names it.
 * - `operation`: one operation; the path parameter `operation` names it; judged by its app's team.
 */
export const RESOURCES = ['public', 'self', 'platform', 'team', 'app', 'operation'] as const
export type Resource = (typeof RESOURCES)[number]
export type Action = 'read' | 'create' | 'deploy' | 'configure' | 'secrets' | 'run' | 'destroy' | 'manage'

/** The one authorization table: role × resource → actions. What is not here is refused. */
export const ACCESS: Readonly<
  Record<TeamRole | 'operator' | 'anyone' | 'signed-in', Partial<Record<Resource, readonly Action[]>>>
> = {
  anyone: { public: ['read', 'create'] },
  'signed-in': { self: ['read', 'create', 'destroy'] },
  operator: { platform: ['read', 'manage'] },
  owner: {
    team: ['read', 'create'],
    app: ['read', 'deploy', 'configure', 'secrets', 'run', 'destroy'],
    operation: ['read', 'deploy'],
  },
  developer: {
    team: ['read', 'create'],
    app: ['read', 'deploy', 'configure', 'secrets', 'run'],
    operation: ['read', 'deploy'],
  },
  viewer: { team: ['read'], app: ['read'], operation: ['read'] },
}

/** Whether `principal` may do `action` on `resource`; `teamId` is the owner of the app or operation asked for. */
export function mayDo(principal: Principal, resource: Resource, action: Action, teamId?: string): boolean {
  const roles: Array<keyof typeof ACCESS> = ['anyone']
  if (principal.kind !== 'anonymous') roles.push('signed-in')
  if (principal.operator) roles.push('operator')
  const memberships = principal.teams.filter((team) => teamId === undefined || team.teamId === teamId)
  roles.push(...memberships.map((team) => team.role))
  return roles.some((role) => ACCESS[role][resource]?.includes(action) ?? false)
}

import { z } from 'zod'
import { AppName, Instant } from './ids.ts'
import { Operation } from './operations.ts'
import { route } from './route.ts'

/**
 * `connections`: that an app's instances may hold together. `connectionsPerRole`: what the server allows, because while instances are
 * replaced the old and the new ones have theirs.
 */
export const DATA_LIMITS = { connections: 20, connectionsPerRole: 40, rotationOverlapS: 600 } as const

export const Database = z.strictObject({
  name: z.string(),
  role: z.string().describe('Role that logs in now'),
  host: z.string().describe('Host name inside the platform'),
  port: z.number().int(),
  version: z.string(),
  sizeBytes: z.number().int(),
  connections: z.strictObject({ now: z.number().int(), limit: z.number().int() }),
  rotatedAt: Instant,
  primary: z.string().describe('Member of the pair that takes writes now'),
  standbys: z.array(
    z.strictObject({
      member: z.string(),
      state: z.string(),
      lagBytes: z.number().int().nullable(),
      synchronous: z.boolean(),
    }),
  ),
})
export type Database = z.infer<typeof Database>

const one = z.strictObject({ app: AppName })

export const dataRoutes = {
  info: route({
    method: 'GET',
    path: '/v1/apps/{app}/database',
    summary: "The app's database",
    access: { resource: 'app', action: 'read' },
    params: one,
    response: Database,
  }),
  url: route({
    method: 'GET',
    path: '/v1/apps/{app}/database/url',
    summary: 'DATABASE_URL as the app gets it',
    access: { resource: 'app', action: 'secrets' },
    params: one,
    response: z.strictObject({ url: z.string() }),
  }),
  rotate: route({
    method: 'POST',
    path: '/v1/apps/{app}/database/rotate',
    summary: 'New credentials; the old ones end after the overlap',
    access: { resource: 'app', action: 'configure' },
    params: one,
    response: Operation,
    status: 202,
    idempotent: true,
  }),
  /** Runs psql in a one-off instance of the database image, as the app's role. The stream begins as in `run`, with a RunRequest of `psql` and its arguments. */
  psql: route({
    method: 'POST',
    path: '/v1/apps/{app}/database/psql',
    summary: "psql as the app's role",
    access: { resource: 'app', action: 'secrets' },
    params: one,
    kind: 'duplex',
  }),
}

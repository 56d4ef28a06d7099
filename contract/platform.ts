import { z } from 'zod'
import { Instant } from './ids.ts'
import { route } from './route.ts'

export const ComponentStatus = z.strictObject({
  component: z.string().describe('Such as etcd, postgres-1, edge'),
  state: z.enum(['ok', 'starting', 'degraded', 'down']),
  detail: z.string().describe('One sentence for the operator'),
  memoryBytes: z.number().int().nullable(),
})
export type ComponentStatus = z.infer<typeof ComponentStatus>

export const PlatformStatus = z.strictObject({
  installation: z.string(),
  version: z.string(),
  url: z.string(),
  at: Instant,
  components: z.array(ComponentStatus),
  apps: z.number().int(),
  problems: z
    .array(z.strictObject({ host: z.string(), problem: z.string() }))
    .describe(
      'What does not work as it should, a sentence each: parts of any host that are not well, rules that cannot be set, attacks that could go unseen',
    ),
})
export type PlatformStatus = z.infer<typeof PlatformStatus>

export const PairMember = z.strictObject({
  member: z.string(),
  role: z.enum(['primary', 'synchronous standby', 'standby', 'other']),
  state: z.string().describe("In Patroni's words, such as running, streaming, stopped"),
  lagBytes: z.number().int().nullable().describe('How far a standby is behind; null where nobody knows'),
})
export type PairMember = z.infer<typeof PairMember>

/** A change of the primary, out of the cluster's own history. */
export const PairChange = z.strictObject({
  at: Instant,
  primary: z.string().nullable().describe('Who led from then on'),
  timeline: z.number().int().describe('Number of the timeline that began'),
  drill: z.string().nullable().describe('The drill during which it happened; null where none was recorded'),
})
export type PairChange = z.infer<typeof PairChange>

/** The database pair as its members describe it now. */
export const PairStatus = z.strictObject({
  at: Instant,
  answers: z.boolean().describe('Whether a member of the pair answered; if not, the rest is empty'),
  members: z.array(PairMember),
  changes: z.array(PairChange).describe('Latest first, at most ten'),
})
export type PairStatus = z.infer<typeof PairStatus>

export const platformRoutes = {
  health: route({
    method: 'GET',
    path: '/health',
    summary: 'Whether the control plane answers and reaches its database',
    access: { resource: 'public', action: 'read' },
    response: z.strictObject({ ok: z.literal(true) }),
  }),
  ca: route({
    method: 'GET',
    path: '/ca.crt',
    summary: "The installation's root certificate (PEM)",
    access: { resource: 'public', action: 'read' },
    response: z.string(),
    kind: 'text',
    mediaType: 'application/x-pem-file',
  }),
  openapi: route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API as OpenAPI 3.1',
    access: { resource: 'public', action: 'read' },
    response: z.record(z.string(), z.unknown()),
  }),
  reference: route({
    method: 'GET',
    path: '/docs',
    summary: 'This API for people to read',
    access: { resource: 'public', action: 'read' },
    response: z.string(),
    kind: 'text',
    mediaType: 'text/html; charset=utf-8',
  }),
  status: route({
    method: 'GET',
    path: '/v1/status',
    summary: 'State of the platform',
    access: { resource: 'platform', action: 'read' },
    response: PlatformStatus,
  }),
  pair: route({
    method: 'GET',
    path: '/v1/status/database',
    summary: 'The database pair: its members, who leads, and when that last changed',
    access: { resource: 'platform', action: 'read' },
    response: PairStatus,
  }),
}

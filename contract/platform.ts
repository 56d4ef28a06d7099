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
})
export type PlatformStatus = z.infer<typeof PlatformStatus>

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
}

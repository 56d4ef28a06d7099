import { z } from 'zod'
import { Instant } from './ids.ts'
import { route } from './route.ts'

export const AUDIT_LIMITS = {
  /** The database itself refuses to forget sooner. */
  auditDays: 400,
  auditPage: 1_000,
} as const

export const ActResult = z
  .enum(['done', 'refused', 'failed', 'unknown'])
  .describe('`unknown`: it is under way, or the control plane ended before it could say')
export type ActResult = z.infer<typeof ActResult>

/** Something that somebody did, or tried. */
export const Act = z.strictObject({
  id: z.number().int().describe('Grows with each'),
  at: Instant,
  who: z
    .string()
    .describe('Name of the account, `root` on the host, or `maru` for what the platform did by itself'),
  whoId: z.string(),
  source: z.string().describe('Address that it came from; `local` for the host’s own socket'),
  requestId: z.string(),
  action: z.string().describe('Such as `network.allow`'),
  what: z.string().describe('What that means'),
  on: z.record(z.string(), z.string()).describe('What it was done to'),
  told: z.record(z.string(), z.unknown()).describe('What of the request is kept; never secrets'),
  answer: z.record(z.string(), z.unknown()).describe('What of the answer is kept'),
  result: ActResult,
  code: z.string().nullable().describe('Of the error, where it was refused or failed'),
})
export type Act = z.infer<typeof Act>

export const auditRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/audit',
    summary: 'Who did what, the newest first',
    access: { resource: 'platform', action: 'read' },
    query: z.strictObject({
      who: z.string().max(200).optional().describe('Only of this account'),
      action: z.string().max(100).optional().describe('Only actions that begin so, such as `network.`'),
      on: z.string().max(300).optional().describe('Only where this was the goal, such as the name of an app'),
      result: ActResult.optional(),
      since: Instant.optional().describe('Only from this moment on'),
      until: Instant.optional().describe('Only before this moment'),
      before: z.coerce
        .number()
        .int()
        .min(1)
        .max(Number.MAX_SAFE_INTEGER)
        .optional()
        .describe('Only older than this id'),
      limit: z.coerce.number().int().min(1).max(AUDIT_LIMITS.auditPage).default(100),
    }),
    response: z.strictObject({ acts: z.array(Act) }),
  }),
} as const

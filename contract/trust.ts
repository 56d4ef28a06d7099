import { z } from 'zod'
import { DrillResult } from './drill-result.ts'
import { Instant } from './ids.ts'
import { KNOWN_PROMISES } from './promises.ts'
import { route } from './route.ts'

export { DrillResult }

/** The id of a promise, such as NET-1. It never changes; docs, tests, drills and the Trust page use it. */
export const PromiseId = z.enum(KNOWN_PROMISES).describe('Id of a promise, such as NET-1')
export type PromiseId = z.infer<typeof PromiseId>

/** One thing that a check saw, for people: a name, and a value with its unit. */
export const Fact = z.strictObject({ name: z.string(), value: z.string() })
export type Fact = z.infer<typeof Fact>

/**
 * What a check or a drill found out, and when. It is public: it names no app, no person and no address that is not
 * public anyway.
 */
export const Evidence = z.strictObject({
  source: z.enum(['check', 'drill']),
  name: z.string().describe('Such as edge.tls or database-primary-dies'),
  promises: z.array(PromiseId),
  at: Instant,
  passed: z.boolean(),
  summary: z.string().describe('One sentence: what was tried and what happened'),
  facts: z.array(Fact),
  durationMs: z.number().int(),
  validS: z.number().int().describe('Seconds after which it proves nothing any more'),
})
export type Evidence = z.infer<typeof Evidence>

/** A promise, and whether it is kept now. `reason` says why not; it is null exactly when the promise is kept. */
export const PromiseStatus = z.strictObject({
  id: PromiseId,
  layer: z.string().describe('Such as "The network"'),
  wording: z.string().describe('What the platform promises'),
  meaning: z.string().describe('What has to be real'),
  proof: z.string().describe('How it is proven'),
  owner: z.string().describe('Folder of the code that answers for it'),
  iso27001: z.array(z.string()).describe('Controls of ISO/IEC 27001:2022 Annex A, such as A.8.20'),
  ismsP: z.array(z.string()).describe('Items of ISMS-P, such as 2.6.1'),
  state: z.enum(['kept', 'not-yet']),
  reason: z.string().nullable(),
  gaps: z.array(z.string()).describe('What is not real yet; while there is any, no check can make it kept'),
  note: z.string().nullable().describe('How far the evidence reaches today, where one could think further'),
  evidence: z.array(Evidence).describe('The latest of each check and drill'),
})
export type PromiseStatus = z.infer<typeof PromiseStatus>

export const TrustReport = z.strictObject({
  at: Instant,
  installation: z.string(),
  version: z.string(),
  kept: z.number().int(),
  promises: z.array(PromiseStatus),
})
export type TrustReport = z.infer<typeof TrustReport>

/** The two documents of the OSCAL export (NIST OSCAL 1.2). */
export const OscalDocument = z.enum(['component-definition', 'assessment-results'])
export type OscalDocument = z.infer<typeof OscalDocument>

export const trustRoutes = {
  page: route({
    method: 'GET',
    path: '/trust',
    summary: 'The Trust page: every promise, with its evidence or the reason why it is not yet kept',
    access: { resource: 'public', action: 'read' },
    response: z.string(),
    kind: 'text',
    mediaType: 'text/html; charset=utf-8',
  }),
  report: route({
    method: 'GET',
    path: '/v1/trust',
    summary: 'Every promise with its state and its evidence',
    access: { resource: 'public', action: 'read' },
    response: TrustReport,
  }),
  /** A line for each check as it ends. */
  verify: route({
    method: 'POST',
    path: '/v1/trust/verify',
    summary: 'Run all checks now',
    access: { resource: 'platform', action: 'manage' },
    response: Evidence,
    kind: 'lines',
  }),
  export: route({
    method: 'GET',
    path: '/v1/trust/oscal/{document}',
    summary: 'The promises and their evidence for auditors, as OSCAL',
    access: { resource: 'platform', action: 'read' },
    params: z.strictObject({ document: OscalDocument }),
    response: z.record(z.string(), z.unknown()),
  }),
}

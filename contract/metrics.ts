import { z } from 'zod'
import { AppName, Instant, ProcessType, ReleaseVersion } from './ids.ts'
import { route } from './route.ts'

/** Time that a picture covers, with the width of one of its points in seconds. */
export const METRICS_RANGES = { '1h': 10, '24h': 300, '7d': 1800 } as const
export const MetricsRange = z.enum(['1h', '24h', '7d'])
export type MetricsRange = z.infer<typeof MetricsRange>

/**
 * Requests of one step of time, counted by the edge when their answer ends; those that it answers in the app's place
 * (502 to 504) included. A step that nobody counted is not in the list: it is not zero. What came in while nobody
 * counted is part of the first step after it, unless that took more than five minutes.
 */
export const TrafficPoint = z.strictObject({
  at: Instant.describe('Begin of the step'),
  requests: z.number().int(),
  clientErrors: z.number().int().describe('Answers with a status of 400 to 499'),
  serverErrors: z.number().int().describe('Answers with a status of 500 or more'),
  latencyMs: z
    .number()
    .nullable()
    .describe('Mean time from the head of a request to the head of its answer; null without requests'),
})
export type TrafficPoint = z.infer<typeof TrafficPoint>

export const UsagePoint = z.strictObject({
  at: Instant.describe('Begin of the step'),
  memoryBytes: z.number().int().describe('The most that was measured in the step'),
  cpu: z.number().describe('Processors in use, on average; 1 is one whole processor'),
})
export type UsagePoint = z.infer<typeof UsagePoint>

export const InstanceUsage = z.strictObject({
  instance: z.string().describe('Such as web.1'),
  process: ProcessType,
  points: z.array(UsagePoint),
})
export type InstanceUsage = z.infer<typeof InstanceUsage>

/**
 * What an app did in a range of time. Steps are aligned to the clock; the newest may still be filling: the longer ones
 * are summed up once a minute.
 */
export const AppMetrics = z.strictObject({
  range: MetricsRange,
  stepS: z.number().int(),
  from: Instant,
  to: Instant,
  traffic: z.array(TrafficPoint),
  instances: z.array(InstanceUsage),
  limits: z.strictObject({ memoryBytes: z.number().int(), cpus: z.number() }).describe('Of each instance'),
  releases: z
    .array(z.strictObject({ at: Instant, version: ReleaseVersion, reason: z.string(), ok: z.boolean() }))
    .describe('Releases made in the range, for marks in the picture'),
})
export type AppMetrics = z.infer<typeof AppMetrics>

export const metricsRoutes = {
  app: route({
    method: 'GET',
    path: '/v1/apps/{app}/metrics',
    summary: 'Requests, errors and latency of an app, memory and processor of its instances',
    access: { resource: 'app', action: 'read' },
    params: z.strictObject({ app: AppName }),
    query: z.strictObject({ range: MetricsRange.default('1h') }),
    response: AppMetrics,
  }),
}
